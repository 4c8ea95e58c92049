"""Compare versions of a corpus, and derive the version bump that the differences require."""
