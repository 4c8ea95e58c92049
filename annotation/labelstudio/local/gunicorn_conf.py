"""How gunicorn serves Label Studio. Read by gunicorn in Label Studio's own environment.

Label Studio's `start` serves with Django's development server: one process, whatever the machine,
and on another port if its own is taken. Its settings, data and pages are the same here.
"""

import os
import sys
from pathlib import Path

import label_studio

PACKAGE = str(Path(label_studio.__file__).parent)
SQLITE = os.environ["DJANGO_DB"] == "sqlite"  # one writer at a time: processes would only wait

wsgi_app = "label_studio.core.wsgi:application"
pythonpath = PACKAGE
preload_app = True
worker_class = "gthread"
workers = 1 if SQLITE else int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
threads = 8
keepalive = 75  # longer than clients keep an idle connection, so that none is closed under them
control_socket_disable = True


def on_starting(arbiter: object) -> None:
    """Bring the database up to date, and its first user to what the environment says."""
    from django.db import connections  # noqa: PLC0415 - the settings are in place only now
    from label_studio.server import main  # noqa: PLC0415

    sys.argv = ["label-studio", "init", "--quiet"]
    main()
    _settle_first_user()
    connections.close_all()  # a worker must not inherit one


def _settle_first_user() -> None:
    """What `init` leaves as it is where the user is there: a password, a token."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415

    user = get_user_model().objects.get(email=os.environ["LABEL_STUDIO_USERNAME"])
    if not user.check_password(os.environ["LABEL_STUDIO_PASSWORD"]):
        user.set_password(os.environ["LABEL_STUDIO_PASSWORD"])
    user.is_staff = user.is_superuser = True
    user.save()
    Token.objects.filter(user=user).update(key=os.environ["LABEL_STUDIO_USER_TOKEN"])
