"""Tests of `benchmarks`: the arithmetic, and the measuring programs."""
