"""A stream is read like a file with the same content, in every format and of any length."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import documents

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import registry
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError
from aloi.corpus.quality.checks import check_path
from aloi.corpus.streams import is_stream, on_disk, stream_identity

FORMATS = (
    "native",
    "inline",
    "spacy",
    "parquet",
    "labelstudio",
    "doccano",
    "docred",
    "prodigy",
    "conllu",
    "hipe",
    "webanno",
)
LONG_TEXT = "Ana vit à Rome. " * 20_000
"""Longer than the 256 KiB that detection reads and the 64 KiB that a pipe buffers."""


@contextmanager
def fifo(content: bytes, name: str = "fifo") -> Iterator[Path]:
    """Yield a named pipe with this content, which can be read once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        os.mkfifo(path)
        writer = threading.Thread(target=_feed, args=(path, content), daemon=True)
        writer.start()
        yield path
        writer.join(timeout=10)
        assert not writer.is_alive()


def _feed(path: Path, content: bytes) -> None:
    with suppress(BrokenPipeError):  # if the reader stops early
        path.write_bytes(content)


def encode(listed: list[Document], name: str, format_: str) -> bytes:
    """Return documents in a format as bytes; of a folder, the bytes of its first file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        registry.write(listed, str(file), format_=format_)
        if file.is_dir():
            file = min(each for each in file.rglob("*") if each.is_file())
        return file.read_bytes()


def read_file(content: bytes, format_: str | None, name: str = "stream") -> list[Document]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        return list(registry.read(str(Path(folder) / name), format_=format_))


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        *((format_, LONG_TEXT[:40]) for format_ in FORMATS),
        *((format_, LONG_TEXT) for format_ in ("native", "inline", "parquet", "labelstudio")),
    ],
)
def test_a_pipe_is_read_like_the_file(format_: str, text: str) -> None:
    content = encode(
        [Document("a", text, (Entity(id="e", start=0, end=3, label="PER"),))], "stream.tsv", format_
    )
    expected = read_file(content, format_)
    assert [document.entities[0].label for document in expected] == ["PER"]
    with fifo(content, "stream") as pipe:
        assert list(registry.read(str(pipe), format_=format_)) == expected


@pytest.mark.parametrize("format_", ["parquet", "labelstudio", "doccano", "prodigy"])
def test_the_format_of_a_pipe_is_detected_from_its_content(format_: str) -> None:
    mentions = (Entity(id="e", start=0, end=3, label="PER"),)
    listed = [Document(str(number), "Ana vit à Rome.", mentions) for number in range(3000)]
    content = encode(listed, "x", format_)
    with fifo(content, "stream") as pipe:
        found = list(registry.read(str(pipe)))
    assert len(found) == len(listed)
    assert found == read_file(content, None)


def test_the_format_of_a_named_pipe_is_detected_from_its_suffix() -> None:
    content = b"Ana\tB-PER\n"
    with fifo(content, "x.conll") as pipe:
        assert list(registry.read(str(pipe))) == read_file(content, None, "x.conll")


@settings(max_examples=25)
@given(st.lists(documents(), max_size=3, unique_by=lambda document: document.id))
def test_native_documents_are_read_from_a_pipe(listed: list[Document]) -> None:
    with fifo(encode(listed, "x.jsonl", "native")) as pipe:
        assert list(registry.read(str(pipe))) == listed


def test_an_indented_document_is_read_from_a_pipe() -> None:
    document = Document("a", "Ana", (Entity(id="e", start=0, end=3, label="PER"),))
    with fifo(document_files.pretty_json(document).encode()) as pipe:
        assert list(registry.read(str(pipe))) == [document]


def test_an_empty_pipe_is_an_empty_file() -> None:
    with fifo(b"") as pipe:
        assert list(registry.read(str(pipe))) == []
    with fifo(b"") as pipe:
        assert list(check_path(pipe)) == []


@pytest.mark.parametrize("format_", ["parquet", "spacy", "docred", "webanno"])
def test_an_error_names_the_pipe(format_: str) -> None:
    with fifo(b"PAR1 but nothing more") as pipe:
        with pytest.raises(DataError) as caught:
            list(registry.read(str(pipe), format_=format_))
        assert str(pipe) in str(caught.value)
        assert "aloi-" not in str(caught.value)


def test_problems_of_a_check_name_the_pipe_and_the_line() -> None:
    line = b'{"id": "%d", "text": "Ana", "entities": []}\n'
    content = b"".join(line % number for number in range(10_000)) + line % 7
    with fifo(content) as pipe:
        (problem,) = check_path(pipe)
        assert (problem.file, problem.line) == (str(pipe), 10_001)
        assert f"first used in {pipe}:8" in problem.what


def test_notes_name_the_pipe() -> None:
    notes = Notes()
    with fifo(b'{"text": "Ana", "label": [], "Comments": ["x"]}\n') as pipe:
        list(registry.read(str(pipe), notes=notes))
        assert list(notes.first.values()) == [f"{pipe}:1"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, DataError])
def test_the_copy_is_removed_after_an_error(error: type[BaseException]) -> None:
    copies = []

    def use(pipe: Path) -> None:
        with on_disk(pipe) as source:
            assert source.path.read_bytes() == source.path.read_bytes() == b"x"
            copies.append(source.path)
            raise error(())

    with fifo(b"x") as pipe, pytest.raises(error):
        use(pipe)
    assert [copy.parent.exists() for copy in copies] == [False]


def test_a_file_or_folder_is_not_copied(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "x"):
        with on_disk(path) as source:
            assert source.path == path
    assert not is_stream(tmp_path / "x")


def test_paths_of_one_stream_have_the_same_identity(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    assert stream_identity("-") == stream_identity("/dev/stdin") is not None
    assert stream_identity(tmp_path / "pipe") == stream_identity(tmp_path / "link") is not None
    assert stream_identity("/dev/null") is stream_identity(tmp_path) is None


def test_a_device_that_never_ends_is_an_error() -> None:
    with pytest.raises(DataError, match="longer than 64 MiB") as caught, on_disk("/dev/zero"):
        pass
    assert [(each.kind, each.file) for each in caught.value.problems] == [
        ("endless-stream", "/dev/zero")
    ]
    with on_disk("/dev/null") as source:
        assert source.path.read_bytes() == b""


def test_a_pipe_takes_at_most_half_of_the_free_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    total = shutil.disk_usage(tempfile.gettempdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda path: total._replace(free=2_000_000))
    with fifo(b"a" * 999_999) as path, on_disk(path) as source:
        assert source.path.stat().st_size == 999_999
    with (
        fifo(b"a" * 1_000_001) as path,
        pytest.raises(DataError, match="half of the 1 MiB that are free"),
        on_disk(path),
    ):
        pass
