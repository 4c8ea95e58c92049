"""Networks for the spaCy components that use a pretrained transformer."""
