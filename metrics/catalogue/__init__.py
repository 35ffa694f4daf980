"""The registered metrics by kind; the order within the modules is that of listings."""
