"""A local Function Compute 3.0 HTTP trigger, with the built-in Python runtimes and custom runtimes."""
