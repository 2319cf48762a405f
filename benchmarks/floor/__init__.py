"""The lower bound of track's cold start: see index.py."""
