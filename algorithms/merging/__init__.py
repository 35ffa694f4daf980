"""Merges that fit little or nothing."""
