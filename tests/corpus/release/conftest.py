"""Fixtures: a local Hub, and a small release to push."""

from hub_fixtures import aloi, built, environment, hub, release

__all__ = ["aloi", "built", "environment", "hub", "release"]
