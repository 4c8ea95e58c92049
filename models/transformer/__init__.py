"""Networks with a pretrained transformer for the spaCy components."""
