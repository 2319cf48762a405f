"""A stand-in for Object Storage Service: objects, and the bucket operations of provisioning.

It refuses what the real service refuses: wrong signatures, expired tokens, missing permissions, bad bodies.
Not supported: multipart uploads, versions, presigned URLs, conditions other than If-Match.
"""

from local.oss.buckets import StoredObject
from local.oss.standin import OssStandIn

__all__ = ["OssStandIn", "StoredObject"]
