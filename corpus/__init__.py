"""Corpora: documents, file formats, schema, checks, statistics and releases."""
