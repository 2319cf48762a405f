"""How fast, against what: programs that print a table, and ratios taken within one run."""
