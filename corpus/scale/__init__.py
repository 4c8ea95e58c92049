"""Large inputs: shards, a check of the whole input, resumable runs, and Ray."""
