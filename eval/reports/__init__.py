"""Reports of scores, and their output as tables, pages and files."""
