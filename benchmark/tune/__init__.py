"""Tuning: settings of one algorithm, drawn from its search space and ranked on `dev` problems."""
