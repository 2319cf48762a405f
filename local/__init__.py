"""The laptop's cloud: an FC trigger host, stand-ins of STS and SLS, the console and the sample page."""
