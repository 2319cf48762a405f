"""A local control plane of Function Compute: the API of FC 3.0 (2023-03-30).

Functions that it creates really run: the code is unpacked into its own folder, and each HTTP trigger has its
own address. Not supported: layers, containers, VPCs, NAS and OSS mounts, GPUs, versions, aliases, provisioned
instances, custom domains, destinations of asynchronous calls, and triggers other than `http` and `timer`.
A parameter that the API accepts and this does not support is refused, never ignored.
"""

from local.fc.control.standin import FunctionCompute

__all__ = ["FunctionCompute"]
