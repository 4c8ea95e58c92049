"""Removal of documents from a corpus, and the record of removed ids."""
