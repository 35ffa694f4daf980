"""The tables and pictures of docs/findings.md, made from results."""
