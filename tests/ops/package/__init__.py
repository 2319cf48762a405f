"""Tests of `python -m ops package`."""
