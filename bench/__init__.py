"""Benchmarks: `python -m bench` measures in one run, on machines of any speed, and prints ratios beside times."""
