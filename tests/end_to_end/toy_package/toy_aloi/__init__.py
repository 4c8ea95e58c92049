"""A package that adds a format and an evaluation scheme to aloi."""
