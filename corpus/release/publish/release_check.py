"""Check a release: load it with several libraries, and compare it with its corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.release.publish.content_checks import (
    corpus_problems,
    restricted_text_problems,
    split_problems,
    withheld_problems,
)
from aloi.corpus.release.publish.file_checks import REBUILD, checksum_problems
from aloi.corpus.release.publish.loading_checks import data_frame_problems, datasets_problems
from aloi.corpus.release.publish.metadata_checks import card_problems, croissant_problems
from aloi.corpus.release.read.release_folder import Release

ReleaseCheck = Callable[[], Iterable[Problem]]

_OPTIONAL_LIBRARIES = {"polars": "polars", "croissant": "mlcroissant"}
"""Library that a check needs, by name of the check; a check without its library is skipped."""


@dataclass(frozen=True)
class CheckReport:
    """Result of all checks: the problems, and one line per check, by name of the check."""

    problems: tuple[Problem, ...]
    results: dict[str, str]


def check_release(
    release: Release,
    corpus: Corpus | None = None,
    *,
    on_step: Callable[[str], object] = lambda step: None,
) -> CheckReport:
    """Run all checks on a release; if a corpus is given, also compare the release with the corpus.

    `on_step` is called with a line that names each check. If mlcroissant or polars is not
    installed, the check that needs this library is skipped, and the report names the library.
    """
    need("datasets", extra="hub")
    problems: list[Problem] = []
    results: dict[str, str] = {}
    for name, check in _checks(release, corpus).items():
        on_step(f"checking: {name}")
        library = _OPTIONAL_LIBRARIES.get(name)
        if library is not None and find_spec(library) is None:
            results[name] = f"skipped, because {library} is not installed"
            continue
        step_problems = _run_check(check)
        problems += step_problems
        results[name] = count_noun(len(step_problems), "problem")
    return CheckReport(tuple(problems), results)


def _checks(release: Release, corpus: Corpus | None) -> dict[str, ReleaseCheck]:
    """Return the checks by name, in the order in which they run."""
    checks: dict[str, ReleaseCheck] = {
        "checksums": lambda: checksum_problems(release),
        "datasets": lambda: datasets_problems(release),
        "pandas": lambda: data_frame_problems(release, "pandas"),
        "polars": lambda: data_frame_problems(release, "polars"),
        "card": lambda: card_problems(release),
        "croissant": lambda: croissant_problems(release),
        "splits": lambda: split_problems(release),
        "rights": lambda: withheld_problems(release),
    }
    if corpus is not None:
        checks["corpus"] = lambda: corpus_problems(release, corpus)
        checks["restricted text"] = lambda: restricted_text_problems(release, corpus)
    return checks


def _run_check(check: ReleaseCheck) -> list[Problem]:
    """Return the problems that a check yields; an unreadable file is reported as a problem."""
    problems: list[Problem] = []
    try:
        problems.extend(check())
    except DataError as error:
        problems += error.problems
    except OSError as error:
        problems.append(
            Problem("bad-release", f"a file of the release cannot be read: {error}", REBUILD)
        )
    return problems
