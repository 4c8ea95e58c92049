"""Prediction of refs: the clusters of a document's mentions, their names, and the dates."""
