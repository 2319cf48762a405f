"""The laptop's web site: the sample page, and the console that shows what has arrived."""

from local.site.app import create_site

__all__ = ["create_site"]
