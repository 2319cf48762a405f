"""Fuzzing: targets are functions of bytes that fail if track or token breaks its contract.

`make fuzz` runs them guided by coverage; `make test` replays `corpus/` with small mutations.
"""
