"""Publishing a pipeline: sources and licences, model card, files."""
