"""Searches that measure coefficients."""
