"""A hub on loopback, and a small release to push."""

from hub_fixtures import aloi, built, environment, hub

__all__ = ["aloi", "built", "environment", "hub"]
