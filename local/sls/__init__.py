"""A stand-in for Simple Log Service: the routes a browser, the functions and the official SDKs use.

It refuses what the real service refuses: wrong signatures, expired tokens, missing permissions, bad bodies.
"""

from local.sls.projects import Logstore
from local.sls.quotas import WriteQuota
from local.sls.standin import SlsStandIn
from local.sls.store import NewLog, Store, StoredLog

__all__ = ["Logstore", "NewLog", "SlsStandIn", "Store", "StoredLog", "WriteQuota"]
