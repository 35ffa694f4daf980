"""Archives of finished results, as a folder or as one zip file, and exports to other formats."""
