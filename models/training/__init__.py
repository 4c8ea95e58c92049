"""Training a pipeline, and the record of what it was trained on."""
