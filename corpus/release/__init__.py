"""A release: a corpus as a folder that `datasets` loads, with no text that may not be given on."""
