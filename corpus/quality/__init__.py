"""Quality of a corpus: checks that must pass, and a review that finds likely errors."""
