"""The tables and pictures of docs/findings.md, which are generated from results."""
