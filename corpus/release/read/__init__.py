"""Read a release, and restore the documents that the release contains without text."""
