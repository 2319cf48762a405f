"""How a host waits for the network, and the HTTP client over it."""
