"""Annotation: guides, exchange with an annotation server, agreement, adjudication, practice."""
