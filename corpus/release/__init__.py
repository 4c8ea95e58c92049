"""Releases: build, read, check and publish a corpus as a folder that `datasets` loads.

The text of restricted documents is in no file of a release (`restricted_text`).
"""
