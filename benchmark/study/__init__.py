"""Studies: what is to be run, read from TOML, checked, and expanded into runs."""
