"""Large inputs: a journal to resume from, shards, a first pass over them, Ray."""
