"""The address of the Label Studio server and the token for it."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.problems import DataError, Problem

DEFAULT_HOME = Path(".label-studio")
"""The folder in which `aloi annotate start` keeps a local server by default."""

ACCESS_FILE = "access.toml"
"""The file in this folder with the server's address, user, password and token."""

URL_VARIABLE, TOKEN_VARIABLE = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
"""Environment variables with a server's address and token, used instead of a local server."""


@dataclass(frozen=True, slots=True)
class Access:
    """The address of a server, and a legacy token or personal access token."""

    url: str
    token: str = field(repr=False)


def find_access(home: Path = DEFAULT_HOME) -> Access:
    """Return the server named by the environment, or else the one started in `home`.

    Raise `DataError` if there is neither.
    """
    url, token = os.environ.get(URL_VARIABLE), os.environ.get(TOKEN_VARIABLE)
    if url and token:
        return Access(url.rstrip("/"), token)
    if url or token:
        what = f"only one of {URL_VARIABLE} and {TOKEN_VARIABLE} is set"
        raise DataError([Problem("no-server", what, "Set both or neither")])
    try:
        known = tomllib.loads((home / ACCESS_FILE).read_text(encoding="utf-8"))
        return Access(known["url"], known["token"])
    except FileNotFoundError:
        what = f"no Label Studio server is configured: {home / ACCESS_FILE} does not exist"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError):
        what = f"{home / ACCESS_FILE} cannot be read"
    fix = f"Start one with `aloi annotate start`, or set {URL_VARIABLE} and {TOKEN_VARIABLE}"
    raise DataError([Problem("no-server", what, fix)])
