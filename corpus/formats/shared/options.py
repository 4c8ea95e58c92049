"""Options of formats, parsed from `key=value`; reading and writing have separate structs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base class for the options of a format, used directly by a format without options.

    Every field of a subclass needs a default value.
    """


OptionsT = TypeVar("OptionsT", bound=Options)


def parse_options(type_: type[OptionsT], pairs: Iterable[str]) -> OptionsT:
    """Return the options given as `key=value` strings.

    Raises `ValueError`, with the available keys, if a key or value is invalid.
    """
    values = dict(pair.partition("=")[::2] for pair in pairs)
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(type_)) or "none"
        raise ValueError(f"{error}; available options: {known}") from error
