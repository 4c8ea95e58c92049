"""The database of a local Label Studio: SQLite in its own folder unless told, or PostgreSQL."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from aloi.corpus.problems import DataError, Problem

FORM = "postgresql://USER@HOST:PORT/DATABASE"


def settings(url: str | None, data: Path) -> dict[str, str]:
    """The variables by which Label Studio finds its database: that of `url`, else a file in `data`.

    What the URL leaves out is left to PostgreSQL's own client: PGHOST, PGPORT, PGUSER, PGPASSWORD,
    ~/.pgpass, PGSSLMODE and the rest. Raises `DataError` if `url` is none of a PostgreSQL database.
    """
    if url is None:
        return {
            "DJANGO_DB": "sqlite",
            "LABEL_STUDIO_DATABASE_NAME": str(data / "label_studio.sqlite3"),
        }
    parts = _parts(url)
    return {
        "DJANGO_DB": "default",
        "LABEL_STUDIO_POSTGRE_USER": unquote(parts.username or ""),
        "LABEL_STUDIO_POSTGRE_PASSWORD": unquote(parts.password or ""),
        "LABEL_STUDIO_POSTGRE_NAME": unquote(parts.path[1:]),
        "LABEL_STUDIO_POSTGRE_HOST": parts.hostname or "",
        "LABEL_STUDIO_POSTGRE_PORT": str(parts.port or os.environ.get("PGPORT") or 5432),
    }


def place(url: str | None) -> str:
    """A database as it may be shown: no password."""
    if url is None:
        return "SQLite"
    parts = _parts(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()


def _parts(url: str) -> SplitResult:
    """A PostgreSQL URL taken apart; the URL itself is in no error, since a password may be."""
    with suppress(ValueError):  # a port that is no number
        parts = urlsplit(url)
        bare = not parts.query and not parts.fragment and parts.port != 0
        if parts.scheme in ("postgresql", "postgres") and parts.path.strip("/") and bare:
            return parts
    fix = f"Write {FORM}; further settings go into PGSSLMODE and its like"
    raise DataError([Problem("bad-database", "this is no PostgreSQL database's URL", fix)])
