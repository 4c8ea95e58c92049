"""Counts of a corpus, plots of them, and the generated tables of its README."""
