"""Scores: measure Pareto sets at the scoring preferences, and derive metrics."""
