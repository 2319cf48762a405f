"""Fuzzing: functions from bytes to nothing that fail where track or token breaks its contract.

`make fuzz` runs them guided by coverage; the usual test run replays `corpus/` and mutates it a little.
"""
