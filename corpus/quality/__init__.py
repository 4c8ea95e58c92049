"""Quality of a corpus: checks that must pass, and a review of likely annotation errors."""
