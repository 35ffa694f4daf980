"""Studies: read from TOML, checked, and expanded into runs."""
