"""Benchmarks of the whole program: ``python -m benchmarks`` runs all of them, see README.md beside this."""
