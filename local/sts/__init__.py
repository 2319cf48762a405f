"""A stand-in of the Security Token Service: AssumeRole over HTTP, with the checks of the real service."""

from local.sts.app import StsStandIn

__all__ = ["StsStandIn"]
