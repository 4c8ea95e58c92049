"""Annotation by a language model behind an OpenAI-compatible chat endpoint."""
