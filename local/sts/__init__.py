"""A stand-in of the Security Token Service: AssumeRole over HTTP, checked as the real service checks it."""

from local.sts.app import StsStandIn

__all__ = ["StsStandIn"]
