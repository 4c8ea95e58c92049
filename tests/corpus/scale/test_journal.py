"""A journal is resumed where it stopped, and only if its origin is the same."""

from contextlib import suppress
from pathlib import Path

from aloi.corpus.scale.journal import Journal

ORIGIN = {"model": "m1", "input": "i1"}


def stopped(path: Path, lines: str) -> None:
    """Leave a journal like a run that was stopped after these characters."""
    journal = Journal(path, ORIGIN)
    journal.resume()
    with suppress(KeyboardInterrupt), journal.stream() as stream:
        stream.write(lines)
        raise KeyboardInterrupt


def test_it_resumes_after_the_last_complete_line_and_becomes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    stopped(path, 'one\ntwo\n{"to')
    assert not path.exists()
    journal = Journal(path, ORIGIN)
    assert journal.changes() == []
    assert journal.resume() == 2
    with journal.stream() as stream:
        stream.write("three\n")
    assert path.read_text() == "one\ntwo\nthree\n"
    assert [file.name for file in tmp_path.iterdir()] == ["out.jsonl"]


def test_each_line_is_kept_as_soon_as_it_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "out.jsonl", ORIGIN)
    journal.resume()
    with journal.stream() as stream:
        stream.write("é\r\n")
        assert journal.partial.read_bytes() == "é\r\n".encode()


def test_a_journal_without_a_complete_line_is_empty(tmp_path: Path) -> None:
    stopped(tmp_path / "out.jsonl", '{"to')
    assert Journal(tmp_path / "out.jsonl", ORIGIN).resume() == 0
    assert Journal(tmp_path / "out.jsonl", ORIGIN).partial.read_bytes() == b""


def test_a_long_journal_is_counted_across_chunks(tmp_path: Path) -> None:
    stopped(tmp_path / "out.jsonl", ("x" * 999 + "\n") * 2500 + "cut!" * 300_000)
    journal = Journal(tmp_path / "out.jsonl", ORIGIN)
    assert journal.resume() == 2500
    assert journal.partial.stat().st_size == 2_500_000


def test_lines_of_another_origin_are_removed(tmp_path: Path) -> None:
    stopped(tmp_path / "out.jsonl", "one\n")
    other = Journal(tmp_path / "out.jsonl", {"model": "m1", "input": "i2"})
    assert other.changes() == ["input"]
    assert other.resume() == 0
    assert other.partial.read_bytes() == b""
    assert other.changes() == []


def test_lines_whose_origin_is_lost_are_removed(tmp_path: Path) -> None:
    stopped(tmp_path / "out.jsonl", "one\n")
    (tmp_path / "out.jsonl.partial.json").write_text("{")
    journal = Journal(tmp_path / "out.jsonl", ORIGIN)
    assert journal.changes() == ["model", "input"]
    assert journal.resume() == 0
