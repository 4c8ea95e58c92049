"""Formats of other packages, found by their entry points."""

from pathlib import Path

import pytest

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.formats.conversion import ConversionSettings, FormatOptionError, convert
from aloi.corpus.problems import DataError

TOY_FORMAT = '''
"""toy: one document per line, without annotations."""

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.options import Options

CAPABILITIES = Capabilities(relations=False)
ReadOptions = WriteOptions = Options


def read(path, options, notes):
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        yield Document(f"{path.stem}-{number}", line, ())


def write(documents, path, options, notes):
    texts = [document.text for document in documents]
    path.write_text("\\n".join(texts))
    return len(texts)
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path with the files that pip writes for a package with formats."""
    site = tmp_path / "site-packages"
    metadata = site / "toy_formats-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-formats\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[aloi.formats]\ntoy = toy_formats.lines\nbroken = toy_formats.missing\n"
        "part = toy_formats\nspert = toy_formats.lines\n"
    )
    (site / "toy_formats").mkdir()
    (site / "toy_formats" / "__init__.py").touch()
    (site / "toy_formats" / "lines.py").write_text(TOY_FORMAT)
    monkeypatch.syspath_prepend(site)
    return tmp_path


def test_another_package_adds_a_format(install: Path) -> None:
    assert registry.format_names()[-3:] == ["broken", "part", "toy"]
    (install / "in.txt").write_text("Ana\nRoy")
    read = list(registry.read(str(install / "in.txt"), format_="toy"))
    assert read == [Document("in-1", "Ana", ()), Document("in-2", "Roy", ())]
    settings = ConversionSettings("toy", "toy")
    assert convert(str(install / "in.txt"), str(install / "out.txt"), settings).documents == 2
    assert (install / "out.txt").read_text() == "Ana\nRoy"


def test_broken_formats_name_their_package(install: Path) -> None:
    with pytest.raises(DataError, match=r"package toy-formats .*ModuleNotFoundError"):
        registry.load_format("broken")
    with pytest.raises(DataError, match="does not define CAPABILITIES, ReadOptions"):
        registry.load_format("part")


def test_a_format_of_aloi_is_not_replaced(install: Path) -> None:
    assert registry.load_format("spert").__name__ == "aloi.corpus.formats.spert"
    with pytest.raises(FormatOptionError, match=r"available formats: native, .*toy"):
        convert("x", "y", ConversionSettings("tyo", "native"))
