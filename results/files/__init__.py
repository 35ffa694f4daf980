"""Files: Parquet tables that are complete or absent, with their schemas and migrations."""
