"""Build the documentation site: `python -m docs.site build/site`, or `make docs`."""
