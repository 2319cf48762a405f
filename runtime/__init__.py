"""The custom runtime: the same cores behind an HTTP server, many requests at once in one instance."""
