"""Stand-ins of the management calls that `ops` makes."""
