"""Corpora: documents, formats, schema, checks, statistics and releases."""
