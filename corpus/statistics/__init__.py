"""Statistics of a corpus: tables of counts, plots, and the generated tables of its README."""
