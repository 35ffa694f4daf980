"""Tables of scores: one metric, summaries over problems, and statistical comparisons."""
