"""A hub on loopback."""

from hub_fixtures import aloi, environment, hub

__all__ = ["aloi", "environment", "hub"]
