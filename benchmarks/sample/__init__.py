"""The comparison for the functions: a credential endpoint as in the guide."""
