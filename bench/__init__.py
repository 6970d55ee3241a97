"""Benchmarks: see ``python -m bench --help`` and bench/__main__.py."""
