"""Results: files of runs, and the tables, figures and archives that are made from them."""
