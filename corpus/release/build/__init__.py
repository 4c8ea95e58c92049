"""Build a release: tables, dataset card, datasheet, citation and metadata."""
