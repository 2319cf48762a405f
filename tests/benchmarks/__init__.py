"""Tests of `benchmarks`: of the arithmetic, and of the programs that measure."""
