"""Commands for operators: `python -m ops` lists them."""
