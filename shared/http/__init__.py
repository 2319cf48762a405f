"""The HTTP core: request, response, routes, origins, CORS and errors, whatever the host."""
