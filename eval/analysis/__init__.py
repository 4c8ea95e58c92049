"""Analysis of errors: error kinds, causes, slices, and curves over score thresholds."""
