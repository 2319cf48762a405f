"""Tests of `python -m ops provision`."""
