"""What Function Compute calls: the built-in runtime and the custom runtime, side by side."""
