"""Scores of predictions against gold, their uncertainty, and reports of them."""
