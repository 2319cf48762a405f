"""Alibaba Cloud's protocols: request signatures, and writing logs to SLS."""
