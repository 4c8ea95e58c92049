"""TOML files: every error has the same kind, names the file and says how to fix it."""

from pathlib import Path

import msgspec
import pytest

from aloi.corpus.problems import DataError
from aloi.corpus.toml_files import load_toml


class Point(msgspec.Struct, forbid_unknown_fields=True):
    """An example of a struct."""

    x: int


def test_a_file_becomes_a_struct(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("\ufeffx = 1\n", encoding="utf-8")
    assert load_toml(tmp_path / "p.toml", Point, fix="Write x") == Point(1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the file cannot be read: No such file or directory"),
        (b"x = ", "the file is not valid TOML: "),
        (b"x = " + b"[" * 900 + b"]" * 900, "not valid TOML: the values are nested too deeply"),
        (b"x = " + b"9" * 5000, "the file is not valid TOML: Exceeds the limit"),
        (b"y = 1", "unknown field `y`"),
        (b"x = 'one'", "Expected `int`, got `str`"),
    ],
)
def test_errors(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "p.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_toml(file, Point, fix="Write x")
    (problem,) = caught.value.problems
    assert message in problem.what
    assert (problem.kind, problem.file, problem.fix) == ("bad-toml", str(file), "Write x")


def test_a_file_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_bytes(b"# \xe9t\xe9")
    with pytest.raises(DataError, match="not-utf8"):
        load_toml(tmp_path / "p.toml", Point, fix="Write x")
