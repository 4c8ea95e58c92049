"""Refs outside the authority are refused, in a corpus and in a stand-off corpus."""

from pathlib import Path

import pytest

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Draft, Entity
from aloi.corpus.quality.checks import check_path
from aloi.corpus.refs.authority import RefAuthority, RefEntry, RefList
from aloi.corpus.refs.ref_checks import ref_problems

AUTHORITY = RefAuthority(
    Path("refs.toml"),
    RefList(
        dates=("DATE",),
        labels={"LOC": ("NORP",), "PER": ("ROLE",)},
        refs={"chine": RefEntry("Chine", "LOC"), "kofi-annan": RefEntry("Kofi Annan", "PER")},
    ),
)


def kinds(*mentions: tuple[str, str]) -> list[str]:
    entities = tuple(
        Entity(id=f"e{n}", start=n, end=n + 1, label=label, ref=ref)
        for n, (label, ref) in enumerate(mentions)
    )
    return [problem.kind for problem in ref_problems(Draft("d", "x" * 9, entities), AUTHORITY)]


def test_refs_of_the_authority_dates_and_private_persons_are_allowed() -> None:
    """The nationality has the ref of the country, the function that of the person (G7)."""
    assert not kinds(("LOC", "chine"), ("NORP", "chine"), ("PER", "kofi-annan"))
    assert not kinds(("ROLE", "kofi-annan"), ("DATE", "1981-10"), ("PER", "d#p1"), ("ROLE", "d#p1"))


@pytest.mark.parametrize(
    ("label", "ref", "kind"),
    [
        ("LOC", "chines", "unknown-ref"),
        ("EVENT", "1981-10", "unknown-ref"),
        ("PER", "chine", "ref-label"),
        ("NORP", "kofi-annan", "ref-label"),
        ("DATE", "mardi", "date-ref"),
        ("DATE", "chine", "date-ref"),
        ("PER", "e#p1", "private-ref"),
        ("PER", "d#1", "private-ref"),
    ],
)
def test_other_refs_are_refused(label: str, ref: str, kind: str) -> None:
    assert kinds((label, ref), (label, ref)) == [kind]


def test_the_fix_names_a_similar_ref() -> None:
    entity = Entity(id="e1", start=0, end=1, label="LOC", ref="chines")
    (problem,) = ref_problems(Draft("d", "x", (entity,)), AUTHORITY)
    assert "Use chine if that is meant; otherwise add the ref to refs.toml" in problem.fix


def test_check_reads_the_file_that_the_manifest_names(corpus: Path) -> None:
    file = corpus / "gold" / "b.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"label": "PER"', '"label": "PER", "ref": "ana"'), "utf-8")
    assert list(check_path(corpus)) == []
    with (corpus / "corpus.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('refs = "refs.toml"\n')
    assert [problem.kind for problem in check_path(corpus)] == ["bad-toml"]
    (corpus / "refs.toml").write_text("", encoding="utf-8")
    (problem,) = check_path(corpus)
    assert (problem.kind, problem.file, problem.line) == ("unknown-ref", str(file), 3)
    (corpus / "refs.toml").write_text('[refs.ana]\nname = "Ana"\ntype = "PER"\n', "utf-8")
    assert list(check_path(corpus)) == []


def test_the_corpus_of_aloi_uses_each_ref_for_one_thing() -> None:
    folder = Path(__file__).parents[3] / "corpus"
    assert Corpus.open(folder).manifest.refs == "refs.toml"
    kinds = {problem.kind for problem in check_path(folder)}
    assert not kinds & {"unknown-ref", "ref-label", "ref-twice", "date-ref", "private-ref"}
