"""Evaluation of predictions against gold: scores, confidence intervals, tests and reports."""
