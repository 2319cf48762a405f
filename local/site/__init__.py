"""The laptop's web site: the sample page, and the console that shows what has arrived."""

from local.site.app import create_site
from local.site.outage import Outage
from local.site.spool import SpoolView

__all__ = ["Outage", "SpoolView", "create_site"]
