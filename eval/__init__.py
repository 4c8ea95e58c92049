"""Scores of predictions against gold, their uncertainty, and evaluation reports."""
