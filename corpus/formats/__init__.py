"""Formats of annotated documents; each is a module or package that `registry` loads by name."""
