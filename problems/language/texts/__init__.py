"""Readers of labelled texts in installed packages or one folder; this project ships none."""
