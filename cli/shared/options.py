"""Options and option values that several commands use."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

OverrideOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the training config, for example system.seed=2; repeatable.",
    ),
]


class Engine(StrEnum):
    """How work is distributed: in this process and its child processes, or by Ray."""

    LOCAL = "local"
    RAY = "ray"


class ComponentKind(StrEnum):
    """A pipeline component that can be trained separately."""

    NER = "ner"
    RELATIONS = "relations"


def parse_overrides(settings: list[str] | None) -> dict[str, Any]:
    """Return the values of `--set` by dotted key; a value that is not valid JSON is a string.

    Exit with status 2 if a setting does not have the form section.key=value.
    """
    import srsly

    overrides = {}
    for setting in settings or ():
        key, equals, value = setting.partition("=")
        if not equals or "." not in key:
            raise typer.BadParameter(f"--set must have the form section.key=value, not {setting!r}")
        try:
            overrides[key] = srsly.json_loads(value)
        except ValueError:
            overrides[key] = value
    return overrides


def refuse_streams(*paths: str) -> None:
    """Exit with status 2 if a path is a stream, which Ray workers cannot open."""
    from aloi.corpus.streams import is_stream

    if any(map(is_stream, paths)):
        raise typer.BadParameter(
            "use files with --engine ray: Ray cannot use standard input, standard output or pipes"
        )
