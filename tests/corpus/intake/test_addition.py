"""New texts are normalised by the stated rules, refused if already there, never written over."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.collection import Corpus
from aloi.corpus.intake import addition as intake
from aloi.corpus.intake.addition import Details, Text, add, from_html, normalise, read, slug
from aloi.corpus.problems import DataError

STORY = (
    "La délégation est arrivée lundi soir à la gare du Nord, où personne ne l'attendait. "
    "Elle repartira dans trois jours par le même train, si la neige le veut bien."
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("e\u0301", "é"),
        ("e\u200b\u0301", "é"),  # dropping comes before NFC
        ("\ufeffco\u00adop\x00\u2060", "coop"),
        ("\u0646\u200c\u0647 👩\u200d🚀", "\u0646\u200c\u0647 👩\u200d🚀"),
        ("12\u00a0% \u00ab\u202foui\u202f\u00bb \t\n", "12\u00a0% \u00ab\u202foui\u202f\u00bb"),
        ("\n\n  a\n\n \n\t\n\nb\n", "  a\n\nb"),
    ],
)
def test_the_rules_of_normalisation(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n\r \t\x85e\u0301")))
def test_normalising_twice_changes_nothing_more(raw: str) -> None:
    once = normalise(raw)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once


def test_a_document_says_what_is_known_and_that_it_may_not_be_given_on(corpus: Path) -> None:
    (new,) = add([Text("Été à Rome.txt", STORY)], Corpus.open(corpus), Details(lang="fr"))
    written = json.loads((corpus / "inbox" / "ete-a-rome.json").read_text(encoding="utf-8"))
    assert written == {
        "id": "ete-a-rome",
        "text": STORY,
        "entities": [],
        "meta": {
            "lang": "fr",
            "redistributable": False,
            "rights": "unknown",
            "sha256": intake.sha256(STORY),
            "source": "unknown",
        },
    }
    assert new.meta == written["meta"]


def test_what_the_caller_knows_goes_before_what_the_file_tells() -> None:
    text = Text("a.html", STORY, title="Page", date="2020-01-01", source="https://example.org")
    details = Details(title="Mine", source="Ana", redistributable=True, retrieved="2026-01-02")
    meta = intake.document(text, details).meta
    assert (meta["title"], meta["date"], meta["source"]) == ("Mine", "2020-01-01", "Ana")
    assert (meta["redistributable"], meta["retrieved"]) == (True, "2026-01-02")


def refused(corpus: Path, *texts: Text, **details: str) -> list[tuple[str, str | None]]:
    with pytest.raises(DataError) as caught:
        add(texts, Corpus.open(corpus), Details(**details))
    return [(problem.kind, problem.file) for problem in caught.value.problems]


def test_the_same_text_or_id_is_refused_and_nothing_is_written(corpus: Path) -> None:
    known = Corpus.open(corpus).documents[0].text
    texts = [Text("new.txt", known), Text("a.txt", STORY), Text("b b.txt", f"{STORY} Fin.")]
    assert set(refused(corpus, *texts)) == {
        ("same-text", "new.txt"),  # as document a of the corpus
        ("document-id-twice", "a.txt"),
        ("near-same-text", "b b.txt"),  # as a.txt, before it
    }
    assert not (corpus / "inbox").exists()


def test_what_waits_in_the_inbox_is_known_and_not_written_over(corpus: Path) -> None:
    add([Text("one.txt", STORY)], Corpus.open(corpus), Details())
    assert refused(corpus, Text("one.txt", "Rien.")) == [("document-id-twice", "one.txt")]
    assert refused(corpus, Text("two.txt", STORY)) == [("same-text", "two.txt")]
    assert refused(corpus, Text("x.txt", "Rien."), id="../x") == [("bad-id", "x.txt")]
    assert [file.name for file in (corpus / "inbox").iterdir()] == ["one.json"]


def test_an_id_that_a_split_or_the_manifest_names_is_taken(corpus: Path) -> None:
    (corpus / "splits.toml").write_text('train = ["a"]\ndev = ["b"]\ntest = ["c", "away"]\n')
    assert refused(corpus, Text("away.txt", STORY)) == [("document-id-twice", "away.txt")]


def test_texts_are_near_if_they_share_half_of_the_shorter_ones_runs(corpus: Path) -> None:
    # 40 words hold 28 runs of 13; of the first 26 words, 14 runs are shared: half. Of 25, 13 are.
    words = [f"w{n}" for n in range(40)]
    others = [f"x{n}" for n in range(40)]
    add([Text("one.txt", " ".join(words))], Corpus.open(corpus), Details())
    half = Text("half.txt", " ".join(words[:26] + others[:14]))
    less = Text("less.txt", " ".join(words[:25] + others[14:29]))
    assert refused(corpus, half) == [("near-same-text", "half.txt")]
    add([less], Corpus.open(corpus), Details())


def test_a_folder_is_read_whole_or_refused_with_all_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(f"\ufeff{STORY}\r\n".encode())
    (tmp_path / "a.txt").write_text("Rien.")
    (tmp_path / ".hidden").write_text("")
    assert [text.text for text in read(tmp_path)] == ["Rien.", STORY]
    (tmp_path / "latin.txt").write_bytes("été".encode("latin-1"))
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "x.pdf").write_text("")
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert [problem.kind for problem in caught.value.problems] == [
        "no-text",
        "not-utf8",
        "other-file",
    ]


PAGE = """<html lang="fr"><head><title>Le train de lundi | Le Site</title>
<meta property="og:title" content="Le train de lundi">
<meta property="article:published_time" content="1975-02-03T10:00:00">
<link rel="canonical" href="https://example.org/train"></head>
<body><nav><a href="/">Accueil</a></nav><article><h1>Le train de lundi</h1>
<p>{}</p><p>Le chef de gare, lui, n&#39;avait rien vu venir\u202f: il dormait encore&nbsp;!</p>
</article><footer>Tous droits réservés</footer></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_a_page_gives_its_title_date_address_and_body(encoding: str) -> None:
    page = PAGE.replace("<head>", f'<head><meta charset="{encoding}">').format(STORY)
    text = from_html(page.encode(encoding, "xmlcharrefreplace"), file="page.html")
    assert (text.title, text.date) == ("Le train de lundi", "1975-02-03")
    assert text.source == "https://example.org/train"
    assert text.text == (
        f"{STORY}\n\nLe chef de gare, lui, n'avait rien vu venir\u202f: il dormait encore\u00a0!"
    )


def test_a_page_without_text_is_refused() -> None:
    with pytest.raises(DataError, match="no text in it"):
        from_html(b"<html><body></body></html>", file="page.html")


def test_without_trafilatura_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aloi.corpus.extras.find_spec", lambda _: None)
    with pytest.raises(DataError, match=r"pip install 'aloi\[html\]'"):
        from_html(b"<p>x</p>", file="page.html")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Été_2020 – à Rome", "ete-2020-a-rome"), ("1990-01-02-x", "1990-01-02-x")],
)
def test_a_slug_is_plain(name: str, expected: str) -> None:
    assert slug(name) == expected
