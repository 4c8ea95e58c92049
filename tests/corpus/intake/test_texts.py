"""Texts of files and web pages: normalization, metadata, and the files that are refused."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.intake.texts import normalize, parse_html, read_texts
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
        ("e\u200b\u0301", "é"),  # characters are removed before NFC
        ("\ufeffco\u00adop\x00\u2060", "coop"),
        ("\u0646\u200c\u0647 👩\u200d🚀", "\u0646\u200c\u0647 👩\u200d🚀"),
        ("12\u00a0% \u00ab\u202foui\u202f\u00bb \t\n", "12\u00a0% \u00ab\u202foui\u202f\u00bb"),
        ("\n\n  a\n\n \n\t\n\nb\n", "  a\n\nb"),
    ],
)
def test_normalization(raw: str, expected: str) -> None:
    assert normalize(raw) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n\r \t\x85e\u0301")))
def test_normalizing_again_changes_nothing(raw: str) -> None:
    once = normalize(raw)
    assert normalize(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once


def test_a_folder_is_read_completely_or_refused_with_all_problems(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(f"\ufeff{STORY}\r\n".encode())
    (tmp_path / "a.txt").write_text("Rien.")
    (tmp_path / ".hidden").write_text("")
    assert [text.text for text in read_texts(tmp_path)] == ["Rien.", STORY]
    (tmp_path / "latin.txt").write_bytes("été".encode("latin-1"))
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "x.pdf").write_text("")
    with pytest.raises(DataError) as caught:
        read_texts(tmp_path)
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
def test_title_date_address_and_text_of_a_page(encoding: str) -> None:
    page = PAGE.replace("<head>", f'<head><meta charset="{encoding}">').format(STORY)
    text = parse_html(page.encode(encoding, "xmlcharrefreplace"), file="page.html")
    assert (text.title, text.date) == ("Le train de lundi", "1975-02-03")
    assert text.source == "https://example.org/train"
    assert text.text == (
        f"{STORY}\n\nLe chef de gare, lui, n'avait rien vu venir\u202f: il dormait encore\u00a0!"
    )


def test_a_page_without_text_is_refused() -> None:
    with pytest.raises(DataError, match="the file contains no text"):
        parse_html(b"<html><body></body></html>", file="page.html")


def test_without_trafilatura_the_error_has_the_install_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aloi.corpus.optional_dependencies.find_spec", lambda _: None)
    with pytest.raises(DataError, match=r"pip install 'aloi\[html\]'"):
        parse_html(b"<p>x</p>", file="page.html")
