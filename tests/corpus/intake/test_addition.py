"""New texts are checked for duplicates and written to the inbox, all or none."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import hash_text
from aloi.corpus.intake.addition import TextDetails, add_texts, build_document, slugify
from aloi.corpus.intake.texts import SourceText
from aloi.corpus.problems import DataError

STORY = (
    "La délégation est arrivée lundi soir à la gare du Nord, où personne ne l'attendait. "
    "Elle repartira dans trois jours par le même train, si la neige le veut bien."
)


def add(corpus: Path, *texts: SourceText, **details: str) -> None:
    add_texts(texts, Corpus.open(corpus), TextDetails(**details))


def refused(corpus: Path, *texts: SourceText, **details: str) -> list[tuple[str, str | None]]:
    """Return kind and file of the problems of texts that must not be added."""
    with pytest.raises(DataError) as caught:
        add(corpus, *texts, **details)
    return [(problem.kind, problem.file) for problem in caught.value.problems]


def test_a_new_document_has_its_metadata_and_may_not_be_redistributed(corpus: Path) -> None:
    texts = [SourceText("Été à Rome.txt", STORY)]
    (document,) = add_texts(texts, Corpus.open(corpus), TextDetails(lang="fr"))
    content = json.loads((corpus / "inbox" / "ete-a-rome.json").read_text(encoding="utf-8"))
    assert content == {
        "id": "ete-a-rome",
        "text": STORY,
        "entities": [],
        "meta": {
            "lang": "fr",
            "redistributable": False,
            "rights": "unknown",
            "sha256": hash_text(STORY),
            "source": "unknown",
        },
    }
    assert document.meta == content["meta"]


def test_details_of_the_user_take_precedence_over_those_of_the_file() -> None:
    text = SourceText("a.html", STORY, "Page", "2020-01-01", "https://example.org")
    details = TextDetails(title="Mine", source="Ana", redistributable=True, retrieved="2026-01-02")
    meta = build_document(text, details).meta
    assert (meta["title"], meta["date"], meta["source"]) == ("Mine", "2020-01-01", "Ana")
    assert (meta["redistributable"], meta["retrieved"]) == (True, "2026-01-02")


def test_duplicate_texts_and_ids_are_refused_and_nothing_is_written(corpus: Path) -> None:
    texts = [
        SourceText("new.txt", Corpus.open(corpus).documents[0].text),
        SourceText("a.txt", STORY),
        SourceText("b b.txt", f"{STORY} Fin."),
    ]
    assert set(refused(corpus, *texts)) == {
        ("same-text", "new.txt"),  # document a of the corpus
        ("document-id-twice", "a.txt"),
        ("near-same-text", "b b.txt"),  # a.txt, earlier in the list
    }
    assert not (corpus / "inbox").exists()


def test_documents_in_the_inbox_are_known_and_not_overwritten(corpus: Path) -> None:
    add(corpus, SourceText("one.txt", STORY))
    assert refused(corpus, SourceText("one.txt", "Rien.")) == [("document-id-twice", "one.txt")]
    assert refused(corpus, SourceText("two.txt", STORY)) == [("same-text", "two.txt")]
    assert refused(corpus, SourceText("x.txt", "Rien."), id="../x") == [("bad-id", "x.txt")]
    assert [file.name for file in (corpus / "inbox").iterdir()] == ["one.json"]


@pytest.mark.parametrize("renames", range(8))
def test_an_addition_that_is_killed_is_completed_by_the_same_command(
    corpus: Path, renames: int
) -> None:
    code = f"""
import os, signal
from pathlib import Path
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.intake.addition import TextDetails, add_texts
from aloi.corpus.intake.texts import SourceText
replace, done = os.replace, []
def kill_later(*paths):
    if len(done) == {renames}:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*paths)
    done.append(paths)
os.replace = kill_later
texts = [SourceText(f"{{n}}.txt", f"Texte numéro {{n}}.") for n in "xyz"]
add_texts(texts, Corpus.open(Path("corpus")), TextDetails())
"""
    call = [sys.executable, "-c", code.replace('"corpus"', repr(str(corpus)))]
    assert subprocess.run(call, check=False).returncode == -signal.SIGKILL
    add(corpus, *(SourceText(f"{n}.txt", f"Texte numéro {n}.") for n in "xyz"))
    assert sorted(os.listdir(corpus / "inbox")) == ["x.json", "y.json", "z.json"]


def test_an_id_listed_in_a_split_is_refused(corpus: Path) -> None:
    (corpus / "splits.toml").write_text('train = ["a"]\ndev = ["b"]\ntest = ["c", "away"]\n')
    assert refused(corpus, SourceText("away.txt", STORY)) == [("document-id-twice", "away.txt")]


def test_near_duplicates_share_half_of_the_ngrams_of_the_shorter_text(corpus: Path) -> None:
    # 40 words have 28 n-grams of 13 words. With the first 26 words in common, 14 n-grams are
    # shared, which is half of them; with 25 words, 13 n-grams are shared.
    words = [f"w{n}" for n in range(40)]
    others = [f"x{n}" for n in range(40)]
    add(corpus, SourceText("one.txt", " ".join(words)))
    half = SourceText("half.txt", " ".join(words[:26] + others[:14]))
    less = SourceText("less.txt", " ".join(words[:25] + others[14:29]))
    assert refused(corpus, half) == [("near-same-text", "half.txt")]
    add(corpus, less)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Été_2020 – à Rome", "ete-2020-a-rome"), ("1990-01-02-x", "1990-01-02-x")],
)
def test_slugs(name: str, expected: str) -> None:
    assert slugify(name) == expected


def test_an_id_that_differs_in_case_alone_is_refused(corpus: Path) -> None:
    known = next(iter(Corpus.open(corpus).documents)).id
    found = refused(corpus, SourceText("new.txt", STORY), id=known.upper())
    assert found == [("ids-differ-in-case", "new.txt")]
