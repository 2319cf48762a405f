"""Function Compute's control plane on this machine: the calls of the API of FC 3.0 (2023-03-30).

What it is told to create runs: the code unpacked into a folder of its own, each HTTP trigger at an address of
its own. Left out: layers, containers, VPCs, NAS and OSS mounts, GPUs, versions, aliases, provisioned
instances, custom domains, destinations of asynchronous calls, and triggers other than `http` and `timer`.
What the API would take and this cannot carry out is refused, never ignored.
"""

from local.fc.control.standin import FunctionCompute

__all__ = ["FunctionCompute"]
