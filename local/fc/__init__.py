"""A Function Compute 3.0 HTTP trigger on this machine, with its built-in Python runtime and its habits."""
