"""Statistics of a corpus: tables of counts, plots, and generated tables for the README."""
