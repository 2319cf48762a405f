"""The HTTP core, independent of the host: request, response, routes, origins, CORS and errors."""
