"""How hypothesis runs, what Label Studio the tests get, and what makes a run fail.

hypothesis has no deadline, since machines are busy; HYPOTHESIS_EXAMPLES sets how many it tries.
"""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings
from label_studio import LabelStudio, serving
from postgresql import Cluster, cluster

settings.register_profile(
    "aloi", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
)
settings.load_profile("aloi")

# Started in the background by a shell, a run and the commands in it would ignore Ctrl-C, which is
# tested.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server on loopback."""
    with cluster() as running:
        yield running


@pytest.fixture(scope="session", params=["sqlite", POSTGRESQL])
def label_studio(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabelStudio]:
    """A real Label Studio, on either database: what a test leaves there the next one finds."""
    kept = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    with serving(tmp_path_factory.mktemp(f"label-studio-{request.param}"), kept) as running:
        yield running


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses Label Studio or PostgreSQL bears their marks without saying so."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "postgresql" in names:
            item.add_marker(pytest.mark.postgresql)
        if "label_studio" in names or item.get_closest_marker("label_studio"):
            item.add_marker(pytest.mark.label_studio)
            item.add_marker(pytest.mark.slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With --no-skips, a run in which a test was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
