"""Import of new texts into a corpus, from plain text files and web pages."""
