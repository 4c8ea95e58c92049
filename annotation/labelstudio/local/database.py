"""The database of a local Label Studio server: SQLite by default, or PostgreSQL."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from aloi.corpus.problems import DataError, Problem

URL_FORM = "postgresql://USER@HOST:PORT/DATABASE"


def database_environment(url: str | None, data: Path) -> dict[str, str]:
    """Return the environment variables that configure Label Studio's database.

    If `url` is None, the database is an SQLite file in the folder `data`. For values that the URL
    does not contain, the PostgreSQL client uses its own settings (PGHOST, PGPORT, PGUSER,
    PGPASSWORD, ~/.pgpass, PGSSLMODE, etc.). Raise `DataError` if `url` is not the URL of a
    PostgreSQL database.
    """
    if url is None:
        return {
            "DJANGO_DB": "sqlite",
            "LABEL_STUDIO_DATABASE_NAME": str(data / "label_studio.sqlite3"),
        }
    parts = _split(url)
    return {
        "DJANGO_DB": "default",
        "LABEL_STUDIO_POSTGRE_USER": unquote(parts.username or ""),
        "LABEL_STUDIO_POSTGRE_PASSWORD": unquote(parts.password or ""),
        "LABEL_STUDIO_POSTGRE_NAME": unquote(parts.path[1:]),
        "LABEL_STUDIO_POSTGRE_HOST": parts.hostname or "",
        "LABEL_STUDIO_POSTGRE_PORT": str(parts.port or os.environ.get("PGPORT") or 5432),
    }


def display_url(url: str | None) -> str:
    """Return a database URL without its password, or `SQLite` if `url` is None."""
    if url is None:
        return "SQLite"
    parts = _split(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()


def _split(url: str) -> SplitResult:
    """Split a PostgreSQL URL; errors do not quote the URL, because it may contain a password."""
    with suppress(ValueError):  # raised if the port is not a number
        parts = urlsplit(url)
        bare = not parts.query and not parts.fragment and parts.port != 0
        if parts.scheme in ("postgresql", "postgres") and parts.path.strip("/") and bare:
            return parts
    what = "the database URL is not a valid PostgreSQL URL"
    fix = f"Use the form {URL_FORM}; set other options in environment variables such as PGSSLMODE"
    raise DataError([Problem("bad-database", what, fix)])
