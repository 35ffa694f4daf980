"""Files: Parquet tables that are whole or absent, with their schemas and migrations."""
