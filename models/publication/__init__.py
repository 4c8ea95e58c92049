"""Publication of a pipeline with its model card and the licences of its sources."""
