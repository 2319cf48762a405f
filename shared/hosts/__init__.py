"""The hosts that Function Compute calls: the built-in runtime and the custom runtime."""
