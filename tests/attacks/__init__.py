"""What a stranger can try, over real sockets against the process that Function Compute starts."""
