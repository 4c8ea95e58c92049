"""Training of spaCy pipelines, and the record of each training kept in the pipeline."""
