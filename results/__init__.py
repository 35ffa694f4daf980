"""Results: the store of runs, and the tables, plots and archives made from it."""
