"""Prediction with a trained pipeline in one process, in forked processes, or on a Ray cluster."""
