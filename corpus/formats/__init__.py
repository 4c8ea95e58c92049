"""Formats of annotated documents, one module or package each; `registry` loads them by name."""
