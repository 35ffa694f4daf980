"""Families of small vision tasks on digits, with the frozen experts that ship."""
