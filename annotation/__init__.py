"""Annotation: guidelines, exchange with an annotation server, comparison of passes, practice."""
