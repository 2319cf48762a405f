"""The network interface of the hosts, and the HTTP client that uses it."""
