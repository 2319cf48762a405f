"""Deploys s.yaml without Serverless Devs' component fc3, for machines that cannot reach its registry.

`s preview` resolves the file. Then Function Compute's official SDK makes the calls that fc3 would make: the
same changes with the same bodies in the same order (tests compare both with recorded calls). Only for the
local cloud; deploy to a real account with `s`.
"""
