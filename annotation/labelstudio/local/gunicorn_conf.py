"""The gunicorn configuration for Label Studio, read in Label Studio's virtual environment.

gunicorn replaces Label Studio's `start` command, which runs Django's development server. That
server is a single process and switches to a different port if the requested port is taken.
Settings, data and pages are the same with gunicorn.
"""

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import label_studio

PACKAGE = str(Path(label_studio.__file__).parent)
SQLITE = os.environ["DJANGO_DB"] == "sqlite"  # one writer at a time: more processes would wait

# Not written by `start`, which may be killed before it can: `stop` needs the number in any case.
Path("server.pid").write_text(str(os.getpid()), encoding="ascii")

wsgi_app = "label_studio.core.wsgi:application"
pythonpath = PACKAGE
preload_app = True
worker_class = "gthread"
workers = 1 if SQLITE else int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
threads = 8
keepalive = 75  # longer than in clients, so that the server never closes an idle connection first
control_socket_disable = True


def on_starting(arbiter: object) -> None:
    """Migrate the database, and set the first user's password and token."""
    from django.db import connections  # noqa: PLC0415 - the settings are complete only now
    from label_studio.server import is_database_synchronized, main  # noqa: PLC0415

    sys.argv = ["label-studio", "init", "--quiet"]
    migrates = not is_database_synchronized("default")
    with _copy_of_database() if SQLITE and migrates else nullcontext():
        main()
    _update_first_user()
    connections.close_all()  # workers must not inherit a connection


@contextmanager
def _copy_of_database() -> Iterator[None]:
    """Use a copy of the SQLite database in the `with` block, and copy it back at its end.

    Some migrations of Label Studio are not atomic. If one of them is interrupted in the database
    itself, no later start can complete it.
    """
    from django.db import connection, connections  # noqa: PLC0415

    settings = connection.settings_dict
    database = Path(settings["NAME"])
    copy = database.parent / "migration" / database.name
    shutil.rmtree(copy.parent, ignore_errors=True)  # left by an interrupted start
    copy.parent.mkdir()
    connections.close_all()
    _copy(database, copy)
    settings["NAME"] = str(copy)
    yield
    connections.close_all()
    _copy(copy, database)
    shutil.rmtree(copy.parent)
    settings["NAME"] = str(database)


def _copy(source: Path, target: Path) -> None:
    """Copy an SQLite database in one transaction: an interruption leaves `target` as it was."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _update_first_user() -> None:
    """Set the first user's password and token, which `init` does not change if the user exists."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415

    user = get_user_model().objects.get(email=os.environ["LABEL_STUDIO_USERNAME"])
    if not user.check_password(os.environ["LABEL_STUDIO_PASSWORD"]):
        user.set_password(os.environ["LABEL_STUDIO_PASSWORD"])
    user.is_staff = user.is_superuser = True
    user.save()
    Token.objects.filter(user=user).update(key=os.environ["LABEL_STUDIO_USER_TOKEN"])
