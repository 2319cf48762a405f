"""Deploys s.yaml without Serverless Devs' component fc3, where its registry cannot be reached.

The file is resolved by `s preview`, and what fc3 would call is called by Function Compute's official SDK: the
same changes with the same bodies, in the same order (tests hold both to recorded calls). For trying out
against the laptop's cloud; a real account is deployed to by `s`.
"""
