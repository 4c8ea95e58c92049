"""The refs of a corpus: the list of all things that mentions refer to, and its checks."""
