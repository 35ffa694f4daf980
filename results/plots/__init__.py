"""Plots of fronts."""
