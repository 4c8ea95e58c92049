"""Texts, schema and gold: the document, its formats, its checks."""
