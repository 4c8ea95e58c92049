"""Practice for annotators: exercises with known answers."""
