"""Run directories: one part per run, compacted tables, and their state."""
