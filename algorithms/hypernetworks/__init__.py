"""Hypernetworks over merging coefficients."""
