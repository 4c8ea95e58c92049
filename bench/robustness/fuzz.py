"""Hostile inputs for every command: no traceback, no wrong exit status, nothing half written.

    PYTHONPATH=tests/support python bench/robustness/fuzz.py [--suite NAME …] [--seed N]
                                                             [--seconds N] [--show]

Each case runs `aloi` in a forked process with limits on time and memory. A case fails if the
command prints a traceback or an internal error, ends with a status other than 0, 1 or 2, exceeds a
limit, or leaves a temporary file in its folder. The suites are in the folder `fuzz_cases`. With
--seconds, cases are drawn in random order until the time is over. Prints the number of cases and
failures by suite and command; the exit status is 1 if a case failed.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from forked_commands import Case, import_commands, run_forked
from fuzz_cases.documents import document_cases
from fuzz_cases.folders import model_cases, release_cases
from fuzz_cases.servers import server_cases
from fuzz_cases.settings import setting_cases, toml_cases

SUITES: dict[str, Callable[[Path], Iterator[Case]]] = {
    "documents": document_cases,
    "toml": toml_cases,
    "releases": release_cases,
    "models": model_cases,
    "settings": setting_cases,
    "servers": server_cases,
}
TIME_LIMIT = 600
"""Seconds that a case may wait for anything but a processor."""

LIMITS = {resource.RLIMIT_CPU: 60, resource.RLIMIT_AS: 6 << 30, resource.RLIMIT_FSIZE: 1 << 30}
"""Limits of a case: seconds of processor time, bytes of address space, bytes of a file."""

KEPT = (".learning",)
"""Hidden folders that a command keeps on purpose."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", action="append", choices=SUITES)
    parser.add_argument("--only", default="", help="run the cases whose name contains this text")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--show", action="store_true", help="print what each command printed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        cases = [
            (suite, case)
            for suite in arguments.suite or SUITES
            for case in SUITES[suite](Path(name))
            if arguments.only in case.name
        ]
        if arguments.seconds < float("inf"):
            random.Random(arguments.seed).shuffle(cases)
        import_commands()
        sys.exit(run_all(cases, Path(name), arguments))


def run_all(cases: list[tuple[str, Case]], folder: Path, arguments: argparse.Namespace) -> int:
    tried, failed = Counter[str](), Counter[str]()
    end = time.monotonic() + arguments.seconds
    for suite, case in cases:
        if time.monotonic() > end:
            break
        row = f"{suite:10} {' '.join(case.arguments[:2]) if case.is_group else case.arguments[0]}"
        tried[row] += 1
        if failure := run_case(case, folder / "case", show=arguments.show):
            failed[row] += 1
            text = f"{suite} {case.name}: aloi {' '.join(case.arguments)}"
            print(f"FAILED {text}\n  {failure}", flush=True)
    for row in sorted(tried):
        print(f"{row:40} tried {tried[row]:5} failed {failed[row]:5}")
    print(f"{'all':40} tried {tried.total():5} failed {failed.total():5}")
    return 1 if failed else 0


def run_case(case: Case, folder: Path, *, show: bool) -> str | None:
    """Run a case in an empty folder; return a description of its failure, or None."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    case.prepare(folder)
    before = set(os.listdir(folder))
    outcome = run_forked(
        case.arguments,
        folder,
        environment=case.environment,
        stdin=case.stdin,
        limits=LIMITS,
        timeout=TIME_LIMIT,
    )
    text = outcome.text
    if show:
        print(f"--- {case.name}: aloi {' '.join(case.arguments)}\n{text}")
    if "Traceback" in text or "internal-error" in text or outcome.status not in ("0", "1", "2"):
        return f"status {outcome.status}: {text.strip()[-600:]}"
    if any(secret[:12] in text for secret in case.secrets):
        return f"printed a secret: {text.strip()[-600:]}"
    scratch = [n for n in os.listdir(folder) if n.startswith(".") and n not in {*before, *KEPT}]
    return f"left behind: {', '.join(scratch)}" if scratch else None


if __name__ == "__main__":
    main()
