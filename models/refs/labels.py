"""The labels of a schema, by the rules that apply to their mentions."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec


class RefLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Labels by kind of mention; `labels.toml` explains each kind."""

    dates: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    reprises: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@cache
def load_ref_labels() -> RefLabels:
    """Return the labels of the schema `aloi-news`."""
    text = files("aloi.models.refs").joinpath("labels.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), RefLabels)
