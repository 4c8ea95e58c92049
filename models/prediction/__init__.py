"""Prediction in one process, in several, and on Ray."""
