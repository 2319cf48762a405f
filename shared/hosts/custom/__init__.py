"""The custom runtime: an HTTP server, many requests at once in one instance."""
