"""Practice exercises for annotators."""
