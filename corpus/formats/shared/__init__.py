"""Modules that several formats use."""
