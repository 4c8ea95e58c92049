"""Reports of scores, and output of reports as tables, pages and files."""
