"""Options of formats: one struct per format and direction, filled from `key=value` strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base class of the options of formats; formats without options use it directly.

    Every field of a subclass needs a default.
    """


OptionsT = TypeVar("OptionsT", bound=Options)


def parse_options(type_: type[OptionsT], pairs: Iterable[str]) -> OptionsT:
    """Parse `key=value` strings; raise `ValueError` with the known keys if one is invalid."""
    values = dict(pair.partition("=")[::2] for pair in pairs)
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(type_)) or "none"
        raise ValueError(f"{error}; available options: {known}") from error
