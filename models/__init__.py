"""Training and prediction with spaCy."""
