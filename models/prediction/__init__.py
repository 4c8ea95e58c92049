"""Prediction with a trained pipeline: in this process, in forked ones, or on a Ray cluster."""
