"""The same components over a pretrained encoder."""
