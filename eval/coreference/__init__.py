"""Scores of refs: coreference measures over clusters of mentions, refs by name, attributes."""
