"""What operators run: `python -m ops package`, `provision` and `verify`."""
