"""Formats of annotated documents, one module each; `registry` finds them by name."""
