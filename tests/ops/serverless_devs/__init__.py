"""Tests of s.yaml."""
