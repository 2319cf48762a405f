"""Benchmarks: `make bench` measures, prints tables, and writes those of docs/performance.md."""
