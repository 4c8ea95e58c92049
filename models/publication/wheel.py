"""A trained pipeline as a wheel: `pip install` it, then load it by its name with `spacy.load`.

The wheel follows https://packaging.python.org/specifications/binary-distribution-format/ and the
layout that `spacy.load` expects. `spacy package` is not used, because it builds in an environment
that it downloads, and does not check what the pipeline contains.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from aloi.corpus.atomic_files import atomic_binary_file
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.publish.restricted_text_check import ClearedFiles, FileContent
from aloi.models.publication.model_card import MODEL_CARD
from aloi.models.publication.pipeline_files import NOTICE_FILE, pipeline_files

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
"""The date of all files, so that the same pipeline gives the same bytes."""

_MODULE = '''"""A spaCy pipeline trained by aloi; load it with `spacy.load`."""

from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.util import get_model_meta, load_model_from_init_py

__version__ = get_model_meta(Path(__file__).parent)["version"]


def load(**overrides: Any) -> Language:
    """Return the pipeline."""
    return load_model_from_init_py(__file__, **overrides)
'''

_WHEEL = """Wheel-Version: 1.0
Generator: aloi ({version})
Root-Is-Purelib: true
Tag: py3-none-any
"""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel, and the result of the search for restricted text in its files."""

    file: Path
    cleared: ClearedFiles


def build_wheel(
    model: Path,
    out: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    evaluations: Sequence[Path] = (),
    corpus: Corpus | None = None,
) -> Wheel:
    """Write the wheel of a pipeline to the folder `out`.

    name: name of the package, without the language (default: the name of the pipeline). version:
    version of the package (default: the version of aloi). evaluations, corpus, and the reasons to
    refuse a pipeline: see `pipeline_files`. Raises `DataError` if the name or version is invalid.
    """
    version = installed_version("aloi") if version is None else version
    changes = {"version": version, **({} if name is None else {"name": name})}
    cleared = pipeline_files(model, evaluations=evaluations, corpus=corpus, changes=changes)
    contents = {path: _read(content) for path, content in cleared.files.items()}
    meta = json.loads(contents["meta.json"])
    package = f"{meta['lang']}_{meta['name']}"
    if problems := list(_name_problems(package, version)):
        raise DataError(problems)
    file = out / f"{package}-{version}-py3-none-any.whl"
    with atomic_binary_file(file) as stream, zipfile.ZipFile(stream, "w") as archive:
        for path, content in _with_record(package, version, _files(package, meta, contents)):
            archive.writestr(_entry(path), content, compresslevel=6)
    return Wheel(file, cleared)


def _name_problems(package: str, version: str) -> Iterator[Problem]:
    if not _NAME.fullmatch(package):
        what = f"«{package}» cannot be the name of a package"
        yield Problem("bad-name", what, "Use lower-case letters, digits and single underscores")
    if not _VERSION.fullmatch(version):
        what = f"«{version}» cannot be the version of a package"
        yield Problem("bad-version", what, "Use a version such as 1.2.0")


def _read(content: FileContent) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _files(
    package: str, meta: Mapping[str, Any], contents: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of each file, except RECORD."""
    release = f"{package}-{meta['version']}"
    yield f"{package}/__init__.py", _MODULE.encode()
    yield f"{package}/meta.json", contents["meta.json"]
    for path, content in sorted(contents.items()):
        yield f"{package}/{release}/{path}", content
    for path, content in sorted(contents.items()):
        if path == NOTICE_FILE or path.startswith("LICENSE"):
            yield f"{release}.dist-info/licenses/{path}", content
    yield f"{release}.dist-info/METADATA", _metadata(package, meta, contents[MODEL_CARD])
    yield f"{release}.dist-info/WHEEL", _WHEEL.format(version=installed_version("aloi")).encode()
    entry_point = f"[spacy_models]\n{package} = {package}\n"
    yield f"{release}.dist-info/entry_points.txt", entry_point.encode()


def _metadata(package: str, meta: Mapping[str, Any], card: bytes) -> bytes:
    """Return the core metadata; the description is the model card without its YAML header."""
    message = EmailMessage(EmailPolicy(max_line_length=0, utf8=True))
    message["Metadata-Version"] = "2.1"
    message["Name"] = package
    message["Version"] = meta["version"]
    message["Summary"] = meta.get("description") or "A spaCy pipeline trained by aloi"
    message["License"] = meta["license"]
    for requirement in (f"spacy{meta['spacy_version']}", *meta.get("requirements", ())):
        message["Requires-Dist"] = requirement
    message["Description-Content-Type"] = "text/markdown"
    return message.as_bytes() + _FRONT_MATTER.sub("", card.decode()).encode()


def _with_record(
    package: str, version: str, files: Iterator[tuple[str, bytes]]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files, then RECORD, which lists them with hash and size."""
    rows: list[tuple[str, str, object]] = []
    for path, content in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.append((path, f"sha256={digest}", len(content)))
        yield path, content
    record = f"{package}-{version}.dist-info/RECORD"
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows([*rows, (record, "", "")])
    yield record, lines.getvalue().encode()


def _entry(path: str) -> zipfile.ZipInfo:
    """Return the header of a file in the archive: compressed, readable by all."""
    entry = zipfile.ZipInfo(path, _TIMESTAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
