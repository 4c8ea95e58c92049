"""A static website of a corpus: documents, concordances, refs, types and changes."""
