"""Import of new texts: plain text files and web pages become documents of a corpus."""
