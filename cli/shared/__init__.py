"""Functions and options for input and output that several commands use."""
