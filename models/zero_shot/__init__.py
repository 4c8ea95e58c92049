"""Annotation by models that recognise the labels of any schema without training."""
