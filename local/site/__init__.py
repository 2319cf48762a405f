"""The local web site: the sample page, and the console that shows received logs."""

from local.site.app import create_site
from local.site.outage import Outage
from local.site.spool import SpoolView
from local.site.tickets import TicketDesk

__all__ = ["Outage", "SpoolView", "TicketDesk", "create_site"]
