"""Read a release, and restore the documents that it contains without their text."""
