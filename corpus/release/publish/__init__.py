"""Checking a release and publishing it on a hub."""
