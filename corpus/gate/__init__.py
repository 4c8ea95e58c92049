"""The corpus gate: one verdict on a corpus, with summaries for continuous integration."""
