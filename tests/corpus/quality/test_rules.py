"""Each likely mistake is found where it stands, and what is right is not."""

from pathlib import Path

import pytest

from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import inline
from aloi.corpus.problems import DataError
from aloi.corpus.quality.review_settings import (
    ExpectedPattern,
    ForbiddenPattern,
    ReviewSettings,
    load_review_settings,
)
from aloi.corpus.quality.rules import Finding, findings, review
from aloi.corpus.schema import load_schema

OURS = Path(__file__).parents[3] / "corpus"
LOOSE = ReviewSettings(least_count=1, least_share=0.0)


def marked(markup: str, relations: str = "", id_: str = "d") -> Document:
    (document,) = inline.parse(f'+++\nid = "{id_}"\n+++\n{markup}\n+++\n{relations}\n')
    return document


def found(
    *documents: Document, settings: ReviewSettings | None = None, rule: str = ""
) -> list[tuple[str, str]]:
    """Rule and surface of what is found, of one rule if it is named."""
    settings = settings or ReviewSettings()
    every = findings(documents, settings, symmetric=frozenset({"MEETS"}))
    return [(f.rule, f.surface) for f in every if not rule or f.rule == rule]


def test_a_clean_document_has_no_finding() -> None:
    clean = marked("[Ana](PER#a) vit à [Rome](LOC#b)", "#a LIVES_IN #b")
    assert found(clean) == []


def test_the_rarer_label_of_a_surface_is_found() -> None:
    # Rome is LOC twice and ORG once: the ORG is the odd one.
    document = marked("[Rome](LOC), [Rome](LOC), [Rome](ORG)")
    assert found(document) == [("label-differs", "Rome")]


def test_labels_equally_frequent_are_both_found_but_not_those_of_numbers() -> None:
    document = marked("[Rome](LOC), [Rome](ORG), [18](DATE), [18](QUANTITY)")
    assert found(document) == [("label-differs", "Rome")] * 2


def test_a_surface_bare_elsewhere_is_found_whole_and_by_case() -> None:
    # Romes goes on, rome has another case, the second Rome is within a mention: one is left.
    one = marked("[Rome](LOC) et [Nouvelle Rome](LOC)", id_="a")
    other = marked("Rome, Romes, rome", id_="b")
    assert found(one, other, settings=LOOSE) == [("bare-surface", "Rome")]


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (ReviewSettings(least_count=3, least_share=0.75), 1),  # 3 of 4 are labelled
        (ReviewSettings(least_count=3, least_share=0.76), 0),
        (ReviewSettings(least_count=4, least_share=0.0), 0),
        (ReviewSettings(least_count=3, least_share=0.0, least_length=5), 0),
    ],
)
def test_a_bare_surface_counts_if_long_frequent_and_mostly_labelled(
    settings: ReviewSettings, count: int
) -> None:
    document = marked("[Rome](LOC), [Rome](LOC), [Rome](LOC), Rome")
    assert len(found(document, settings=settings)) == count


def test_of_bare_surfaces_the_longest_is_found() -> None:
    # Nations and unies stand within it; in Nations unieses the word goes on, so Nations is left.
    one = marked("[Nations](ORG), [unies](NORP), [Nations unies](ORG)", id_="a")
    other = marked("les Nations unies", id_="b")
    longer = marked("les Nations unieses", id_="b")
    assert found(one, longer, settings=LOOSE) == [("bare-surface", "Nations")]
    assert found(one, other, settings=LOOSE) == [("bare-surface", "Nations unies")]


def test_what_a_mention_holds_elsewhere_and_not_here_is_found() -> None:
    document = marked("[roi de [Rome](LOC)](ROLE), [roi de [Rome](LOC)](ROLE), [roi de Rome](ROLE)")
    assert found(document) == [("inner-differs", "roi de Rome")]


def test_labels_of_one_ref_may_be_allowed_together() -> None:
    document = marked("[Ana](PER@ana), [reine](ROLE@ana), [Rome](LOC@ana)")
    both = ReviewSettings(same_ref=(frozenset({"PER", "ROLE"}),))
    every = ReviewSettings(same_ref=(frozenset({"PER", "ROLE", "LOC"}),))
    assert len(found(document, settings=both)) == 1
    assert found(document, settings=every) == []


def test_a_ref_alone_is_found_if_one_alike_has_another() -> None:
    # The third Rome bears an attribute, so it is not alike.
    document = marked("[Rome](LOC@rome), [Rome](LOC@rome), [Rome](LOC@roma), [Rome](LOC@it x=y)")
    assert found(document, rule="ref-alone") == [("ref-alone", "Rome")]


@pytest.mark.parametrize(
    ("markup", "bad"),
    [
        ("« [Rome »](LOC)", True),
        ("([Rome](LOC))", False),
        ("[« Rome »](LOC)", True),
        ("[Rome,](LOC)", True),
        ("l[’Otan](ORG)", True),
        ("[O.N.U.](ORG)", False),
        ("[John F.](PER)", False),
        ("[Rome.](LOC)", True),
        ("[Front (Fretilin)](ORG)", False),
        ("[Front (Fretilin](ORG))", True),
        ('[le "Front](ORG)"', True),
        ("[12 %](QUANTITY)", False),
    ],
)
def test_edges_of_mentions(markup: str, bad: bool) -> None:
    assert bool(found(marked(markup), rule="edge")) is bad


def test_what_is_said_twice_is_found_also_when_turned_round() -> None:
    document = marked(
        "[Ana](PER#a), [Eva](PER#b)",
        "#a MEETS #b\n#b MEETS #a\n#a KNOWS #b\n#b KNOWS #a\n#a KNOWS #b assertion=negated",
    )
    assert found(document) == [
        ("relation-twice", "Ana KNOWS Eva"),
        ("relation-twice", "Eva MEETS Ana"),
    ]
    assert found(marked("[[Rome](LOC)](LOC)")) == [("mention-twice", "Rome")]


def test_a_pattern_is_expected_whole_in_a_label() -> None:
    day = ExpectedPattern("day", ("DATE",), r"\d+ mai", "Mark it")
    document = marked("[3 mai](DATE), [3](QUANTITY) mai, [du 3 mai 1950](DATE), 4 mai")
    settings = ReviewSettings(expected=(day,))
    assert found(document, settings=settings, rule="day") == [("day", "3 mai"), ("day", "4 mai")]


def test_a_pattern_is_forbidden_in_the_labels_it_names_or_in_all() -> None:
    document = marked("[le roi](PER), [le pape](ROLE)")
    one = ForbiddenPattern("article", "^le ", "Move its start", ("PER",))
    every = ForbiddenPattern("article", "^le ", "Move its start")
    assert found(document, settings=ReviewSettings(forbidden=(one,))) == [("article", "le roi")]
    assert len(found(document, settings=ReviewSettings(forbidden=(every,)))) == 2


RIGHT = '[[right]]\nrule = "%s"\ndocument = "%s"\nsurface = "Ana"\nwhy = "seen"\n'
NO_ANA = """[[forbidden]]
rule = "name"
pattern = "^Ana$"
labels = ["PER"]
fix = "Remove it"
"""


def test_a_finding_judged_right_is_not_shown_and_a_record_without_one_is_stale(
    corpus: Path,
) -> None:
    # a, b and c each have one Ana; a's is recorded, the record of another rule matches nothing.
    records = RIGHT % ("name", "a") + RIGHT % ("other", "b")
    (corpus / "review.toml").write_text(NO_ANA + records, encoding="utf-8")
    result = review(Corpus.open(corpus))
    assert [finding.document for finding in result.open] == ["b", "c"]
    assert [(entry.rule, entry.document) for entry in result.stale] == [("other", "b")]


def test_a_record_of_a_document_that_a_copy_lacks_is_not_stale(corpus: Path) -> None:
    with (corpus / "corpus.toml").open("a") as stream:
        stream.write('restricted = ["away"]\n')
    (corpus / "review.toml").write_text(RIGHT % ("name", "away"), encoding="utf-8")
    assert review(Corpus.open(corpus)).stale == ()


def test_a_finding_tells_where_what_and_what_to_do() -> None:
    finding = Finding("edge", "d", "e1", "Rome,", "…à [Rome,] hier…", "a comma", "Move its end")
    assert str(finding) == (
        "document d: e1 «Rome,»: a comma [edge]. Move its end. In: …à [Rome,] hier…"
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[[", "Invalid"),
        ("least = 3", "least"),
        (NO_ANA.replace("^Ana$", "("), "broken pattern"),
        (NO_ANA.replace("PER", "PERS"), "unknown entity label PERS"),
    ],
)
def test_a_broken_review_file_is_an_error(corpus: Path, content: str, told: str) -> None:
    (corpus / "review.toml").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=told) as caught:
        review(Corpus.open(corpus))
    assert caught.value.problems[0].file == str(corpus / "review.toml")


@pytest.mark.parametrize(
    ("markup", "rules"),
    [
        ("ce [lundi 8 mai](DATE), à 9 heures", []),
        ("ce lundi [8 mai](DATE)", ["weekday-outside"]),
        ("[lundi](DATE) 8 mai", ["day-outside", "number-outside"]),
        ("en [mai 1950](DATE), l'article 5, la [résolution 1973](TREATY)", []),
        ("en mai [1950](DATE)", ["month-outside"]),
        ("en 1950", ["number-outside", "year-outside"]),
        ("[12](QUANTITY) %", ["amount-outside"]),
        ("deux [millions](QUANTITY) d'habitants", []),
        ("[général Zed](PER)", ["title-inside"]),
        ("[Roi](PER)", []),
        ("[la Chine](LOC)", ["article-at-start"]),
        ("[La Haye](LOC) depuis [un an](QUANTITY)", []),
        ("[un accord](TREATY)", ["article-at-start"]),
    ],
)
def test_the_patterns_of_our_own_corpus(markup: str, rules: list[str]) -> None:
    schema = load_schema(OURS / "schema.toml")
    settings = load_review_settings(OURS, schema)
    assert [rule for rule, _ in found(marked(markup), settings=settings)] == rules
