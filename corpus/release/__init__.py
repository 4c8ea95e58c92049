"""Releases: build, read, check and publish a corpus as a folder that `datasets` loads.

A release contains no text that must not be redistributed (`restricted_text`).
"""
