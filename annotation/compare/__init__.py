"""Comparing annotation passes and adjudicating them, whatever tool they were made in."""
