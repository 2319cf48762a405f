"""The soak: many clients, while everything around the functions fails at random, and nothing may be lost.

`python -m tests.soak` runs it at length, test_soak.py for a moment in every test run.
"""
