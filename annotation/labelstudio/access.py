"""Where Label Studio is, and the token that opens it."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.problems import DataError, Problem

HOME = Path(".label-studio")
"""Where `aloi annotate start` keeps a server of its own, unless told otherwise."""

FILE = "access.toml"
URL, TOKEN = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
"""The environment's word for a server elsewhere, which comes first."""


@dataclass(frozen=True, slots=True)
class Access:
    """A server's address, and a token of either kind: legacy, or a personal access token."""

    url: str
    token: str = field(repr=False)


def find(home: Path = HOME) -> Access:
    """The server that the environment names, else the one started in `home`.

    Raises `DataError` where neither is known.
    """
    url, token = os.environ.get(URL), os.environ.get(TOKEN)
    if url and token:
        return Access(url.rstrip("/"), token)
    if url or token:
        what, fix = f"only one of {URL} and {TOKEN} is set", "Set both, or neither"
        raise DataError([Problem("no-server", what, fix)])
    try:
        known = tomllib.loads((home / FILE).read_text(encoding="utf-8"))
        return Access(known["url"], known["token"])
    except FileNotFoundError:
        what = f"no Label Studio is known: {home / FILE} is not there"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError):
        what = f"{home / FILE} cannot be read"
    fix = f"Start one with `aloi annotate start`, or name one with {URL} and {TOKEN}"
    raise DataError([Problem("no-server", what, fix)])
