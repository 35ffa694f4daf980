"""Runs: planning a study, executing it, and computing one run."""
