"""The list of refs in use, and new entries for the authority."""

import tomllib
from pathlib import Path

from typer.testing import CliRunner

from aloi.cli.main import app
from aloi.corpus.document import Document, Entity
from aloi.corpus.refs.authority import RefAuthority, RefEntry, RefList
from aloi.corpus.refs.ref_list import insert_entries, missing_entries, ref_uses

TEXT = "Pékin et Shanghaï, en Chine, où des Chinois et les Shanghaïens"


def mention(surface: str, label: str, ref: str, **attributes: str) -> Entity:
    start = TEXT.index(surface)
    return Entity(
        id=f"e{start}",
        start=start,
        end=start + len(surface),
        label=label,
        ref=ref,
        attributes=attributes,
    )


DOCUMENT = Document(
    "d",
    TEXT,
    (
        mention("Pékin", "LOC", "chine", metonymy="government"),
        mention("Shanghaï", "LOC", "shanghai"),
        mention("Chine", "LOC", "chine"),
        mention("Chinois", "NORP", "chine"),
        mention("Shanghaïens", "NORP", "shanghai"),
        mention("en", "DATE", "1981-10"),
        mention("où", "PER", "d#p1"),
    ),
)


def test_new_entries_come_from_the_surfaces() -> None:
    """Neither dates, private persons nor places that stand for something else give a name."""
    authority = RefAuthority(Path(), RefList(labels={"LOC": ("NORP",)}))
    assert missing_entries(ref_uses([DOCUMENT]), authority) == {
        "chine": RefEntry("Chine", "LOC"),
        "shanghai": RefEntry("Shanghaï", "LOC"),
    }


def test_a_surface_of_another_entry_is_no_name() -> None:
    taken = {"shanghai-province": RefEntry("Shanghai", "LOC")}
    authority = RefAuthority(Path(), RefList(labels={"LOC": ("NORP",)}, refs=taken))
    assert missing_entries(ref_uses([DOCUMENT]), authority)["shanghai"].name == "shanghai"


def test_entries_are_inserted_in_order_and_nothing_else_changes() -> None:
    before = 'dates = ["DATE"]\n\n[refs.b]\nname = "B"  # of course\ntype = "LOC"\n'
    new = {"c": RefEntry("C «c»", "LOC", ("Cé", "C\\d")), "a": RefEntry('A "a"', "PER")}
    after = insert_entries(before, new)
    assert before.partition("\n\n")[2].strip() in after
    content = tomllib.loads(after)
    assert content["dates"] == ["DATE"]
    assert list(content["refs"]) == ["a", "b", "c"]
    assert content["refs"]["a"] == {"name": 'A "a"', "type": "PER"}
    assert content["refs"]["c"]["aliases"] == ["Cé", "C\\d"]
    assert insert_entries("", {"a": new["a"]}) == '[refs.a]\nname = "A \\"a\\""\ntype = "PER"\n'


def test_the_command_lists_refs_and_adds_missing_entries(corpus: Path) -> None:
    def refs(*options: str) -> str:
        result = CliRunner().invoke(app, ["corpus", "refs", str(corpus), *options])
        assert result.exit_code == (2 if "first add" in result.output else 0)
        return result.output

    for id_, ref in (("a", "ana"), ("b", "ana"), ("c", "anne")):
        file = corpus / "gold" / f"{id_}.json"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('"label": "PER"', f'"label": "PER", "ref": "{ref}"'), "utf-8")
    rows = [line.split() for line in refs().splitlines()]
    assert rows[:2] == [["2", "2", "?", "ana"], ["1", "1", "?", "anne"]]
    assert "2 refs, 2 without entry" in refs()
    assert 'first add refs = "refs.toml"' in refs("--update")
    with (corpus / "corpus.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('refs = "refs.toml"\n')
    assert refs("--update").split() == ["2", "refs", "added", "ana", "anne"]
    assert refs().split()[:5] == ["2", "2", "PER", "ana", "Ana"]
    assert "2 refs, 0 without entry" in refs()
