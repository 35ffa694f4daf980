"""Scores: measure fitted answers at the scoring preferences, and derive metrics."""
