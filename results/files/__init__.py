"""Files: Parquet tables that are whole or absent, their schemas and migrations."""
