"""Training of spaCy pipelines; each pipeline contains a record of its training."""
