"""track: anonymous uploads from browsers, checked, signed and written to SLS."""
