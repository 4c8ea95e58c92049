"""Releases of the toy corpus, and a command as a process."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import toy

from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
from aloi.corpus.release.build.assembly import build
from aloi.corpus.release.read.layout import SUMS

ALOI = (sys.executable, "-c", "from aloi.cli.main import main; main()")
Run = Callable[..., subprocess.CompletedProcess[str]]


def toy_corpus(folder: Path) -> Path:
    """The toy corpus, in which it is said whose the restricted document is."""
    toy.folder(folder)
    rights = {"rights": "none", "holder": "Someone", "source": "tests", "retrieved": "2026-01-01"}
    withheld = msgspec.structs.replace(toy.sentence(25), meta=rights)
    document_files.write([withheld], folder / "restricted")
    return folder


def write_release(corpus: Path, version: str) -> Path:
    """Build a release of a corpus folder beside it, under another version."""
    manifest = corpus / "corpus.toml"
    lines = manifest.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("version =")]
    manifest.write_text("\n".join([f'version = "{version}"', *kept]), encoding="utf-8")
    out = corpus.parent / version
    build(Corpus.open(corpus), out)
    return out


def seal(folder: Path) -> Path:
    """Write the sums of what is in a release folder."""
    (folder / SUMS).unlink()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in files
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return folder
