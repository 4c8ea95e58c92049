"""Checks of a corpus, and rules that find likely mistakes."""
