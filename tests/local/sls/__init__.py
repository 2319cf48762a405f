"""Tests of the SLS stand-in."""
