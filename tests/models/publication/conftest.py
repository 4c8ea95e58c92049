"""Fixtures: a local Hub, and the command line as its client."""

from hub_fixtures import aloi, built, environment, hub

__all__ = ["aloi", "built", "environment", "hub"]
