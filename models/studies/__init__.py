"""Experiment, learning curve, likely label errors."""
