"""Errors, their causes, and scores by slice."""
