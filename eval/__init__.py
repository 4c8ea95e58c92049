"""Scores, and reports of them."""
