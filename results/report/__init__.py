"""The report: one HTML page with the tables and interactive figures of some results."""
