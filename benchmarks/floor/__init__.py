"""The floor under track's cold start: see index.py."""
