"""Check a release, and publish releases and pipelines on the Hugging Face Hub."""
