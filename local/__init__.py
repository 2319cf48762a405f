"""The local cloud: an FC trigger host, stand-ins of STS, SLS and OSS, the console and the sample page."""
