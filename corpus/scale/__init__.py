"""Large inputs: resumable journals, shards, a first pass over the input, and Ray."""
