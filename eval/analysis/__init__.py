"""Analysis of errors: kinds, causes, slices, and curves over score thresholds."""
