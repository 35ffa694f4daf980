"""Mixture-of-experts fusion."""
