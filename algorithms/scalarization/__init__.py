"""Scalarizations, and the algorithms that minimise them ray by ray."""
