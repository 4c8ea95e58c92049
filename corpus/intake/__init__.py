"""New texts for a corpus."""
