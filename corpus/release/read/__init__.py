"""Read a release, and restore the documents whose text it withholds."""
