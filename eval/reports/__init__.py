"""Reports: scores of one prediction, comparisons, tables, the HTML page."""
