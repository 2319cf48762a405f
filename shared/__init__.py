"""Code shared by the functions."""
