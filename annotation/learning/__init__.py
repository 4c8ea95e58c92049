"""A project that learns: rounds of training on finished work, with predictions for the rest."""
