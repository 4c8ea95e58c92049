"""Stand-off corpora: annotations that are stored without the texts they belong to."""
