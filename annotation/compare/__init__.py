"""Comparison and adjudication of several annotators' work, for any annotation tool."""
