"""A stand-in for Object Storage Service: objects, and what provisioning asks of a bucket.

It refuses what the real service refuses: wrong signatures, expired tokens, missing rights, broken bodies.
Left out: multipart uploads, versions, ranges, conditional reads, presigned URLs.
"""

from local.oss.buckets import StoredObject
from local.oss.standin import OssStandIn

__all__ = ["OssStandIn", "StoredObject"]
