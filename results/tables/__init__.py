"""Tables of scores: cells over seeds, summaries over problems, statistical comparisons."""
