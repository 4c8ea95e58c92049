"""Publish a pipeline: its files, its model card, and the licences of its sources."""
