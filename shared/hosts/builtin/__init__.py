"""The built-in runtime: one event in, one answer out, one request at a time."""
