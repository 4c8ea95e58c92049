"""What a wheel and a source distribution hold, and what they must not."""

import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.fixture(scope="module")
def names(distributions: dict[str, Path]) -> dict[str, list[str]]:
    """The file names in each kind of distribution."""
    return {
        kind: [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        for kind, folder in distributions.items()
    }


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_no_document_ships_by_accident(names: dict[str, list[str]], kind: str) -> None:
    assert not [name for name in names[kind] if "/gold/" in name or "/restricted/" in name]


def test_the_wheel_holds_what_the_code_reads(names: dict[str, list[str]]) -> None:
    assert {
        "aloi/corpus/schema.toml",
        "aloi/corpus/maps/winer.toml",
        "aloi/models/configs/ner.cfg",
        "aloi/models/configs/relations.cfg",
        "aloi/models/publication/templates/card.md",
        "aloi/annotation/guidelines/guide.fr.md",
        "aloi/annotation/practice/rules.toml",
        "aloi/annotation/labelstudio/local/gunicorn_conf.py",
        "aloi/annotation/labelstudio/local/label-studio.lock",
        "aloi/cli/main.py",
        "aloi/eval/reports/templates/page.css",
        "aloi/eval/reports/templates/page.html",
        "aloi/eval/reports/templates/page.js",
        "aloi/corpus/release/build/templates/README.md",
        "aloi/corpus/site/templates/site.js",
    } <= set(names["wheel"])
    assert {name.split("/")[0] for name in names["wheel"]} == {"aloi", f"aloi-{VERSION}.dist-info"}
