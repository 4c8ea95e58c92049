"""Comparison and adjudication of annotation passes, independent of the annotation tool."""
