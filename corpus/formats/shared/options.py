"""The options of a format: each a struct with a default for every field, given as key=value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No options; a format that has some subclasses it."""


O = TypeVar("O", bound=Options)  # noqa: E741 - the name of what it stands for


def parse_options(type_: type[O], pairs: Iterable[str]) -> O:
    """Options from `key=value` strings; raises `ValueError` saying what is known."""
    given = dict(pair.partition("=")[::2] for pair in pairs)
    try:
        return msgspec.convert(given, type_, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(type_)) or "none"
        raise ValueError(f"{error}; options here: {known}") from error
