"""Comparing versions of a corpus."""
