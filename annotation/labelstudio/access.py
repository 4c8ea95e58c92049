"""The address and access token of the Label Studio server."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.problems import DataError, Problem

DEFAULT_HOME = Path(".label-studio")
"""The default home folder of the local server, which `aloi annotate start` starts."""

ACCESS_FILE = "access.toml"
"""The file in the home folder with the server's address, user, password and access token."""

URL_VARIABLE, TOKEN_VARIABLE = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
"""Environment variables with a server's address and access token; they override `ACCESS_FILE`."""


@dataclass(frozen=True, slots=True)
class Access:
    """The address of a server, and its access token (a legacy or personal token)."""

    url: str
    token: str = field(repr=False)


def find_access(home: Path = DEFAULT_HOME) -> Access:
    """Return the server's address and token.

    The environment variables override the access file in the folder `home`. Raise `DataError` if no
    server is configured, or if the configuration is incomplete or invalid.
    """
    url, token = os.environ.get(URL_VARIABLE), os.environ.get(TOKEN_VARIABLE)
    if url and token:
        return Access(url.rstrip("/"), token)
    if url or token:
        known, missing = (URL_VARIABLE, TOKEN_VARIABLE) if url else (TOKEN_VARIABLE, URL_VARIABLE)
        what = f"the environment variable {known} is set, but {missing} is not"
        fix = f"Set {missing} too, or unset {known} to use the local server"
        raise DataError([Problem("incomplete-access", what, fix)])
    try:
        values = tomllib.loads((home / ACCESS_FILE).read_text(encoding="utf-8"))
        return Access(values["url"], values["token"])
    except FileNotFoundError:
        what = f"no Label Studio server is configured: {home / ACCESS_FILE} does not exist"
        fix = (
            "Start a local server with `aloi annotate start`, "
            f"or set {URL_VARIABLE} and {TOKEN_VARIABLE}"
        )
        raise DataError([Problem("no-server", what, fix)]) from None
    except (ValueError, RecursionError, KeyError, TypeError):
        what = f"{home / ACCESS_FILE} is not a valid access file"
        fix = (
            "Delete the file, then run `aloi annotate start`, "
            f"or set {URL_VARIABLE} and {TOKEN_VARIABLE}"
        )
        raise DataError([Problem("bad-access", what, fix)]) from None
