"""Releases of the toy corpus, and the command line as a process."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import toy

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.release.build.builder import build_release
from aloi.corpus.release.read.release_folder import CHECKSUM_FILE

ALOI = (sys.executable, "-c", "from aloi.cli.main import main; main()")
Run = Callable[..., subprocess.CompletedProcess[str]]


def toy_corpus(folder: Path) -> Path:
    """Write the toy corpus, with the rights in its restricted document, and return its folder."""
    toy.folder(folder)
    rights = {"rights": "none", "holder": "Someone", "source": "tests", "retrieved": "2026-01-01"}
    withheld = msgspec.structs.replace(toy.sentence(25), meta=rights)
    document_files.write([withheld], folder / "restricted")
    return folder


def write_release(corpus: Path, version: str) -> Path:
    """Set the version of a corpus, build its release next to it, and return the release folder."""
    manifest = corpus / "corpus.toml"
    lines = manifest.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("version =")]
    manifest.write_text("\n".join([f'version = "{version}"', *kept]), encoding="utf-8")
    out = corpus.parent / version
    build_release(Corpus.open(corpus), out)
    return out


def update_checksums(folder: Path) -> Path:
    """Write the checksums of the current files of a release, and return its folder."""
    (folder / CHECKSUM_FILE).unlink()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in files
    ]
    (folder / CHECKSUM_FILE).write_text("".join(lines), encoding="utf-8")
    return folder
