"""Each rule finds its likely annotation errors and nothing else."""

from pathlib import Path

import pytest

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import inline
from aloi.corpus.problems import DataError
from aloi.corpus.quality.findings import Finding
from aloi.corpus.quality.review import find_errors, review
from aloi.corpus.quality.review_settings import (
    ExpectedPattern,
    ForbiddenPattern,
    ReviewSettings,
    load_review_settings,
)
from aloi.corpus.schema import load_schema

OURS = Path(__file__).parents[3] / "corpus"
LOOSE = ReviewSettings(least_count=1, least_share=0.0)


def parse(markup: str, relations: str = "", id_: str = "d") -> Document:
    (document,) = inline.parse_markup(f'+++\nid = "{id_}"\n+++\n{markup}\n+++\n{relations}\n')
    return document


def found(
    *documents: Document, settings: ReviewSettings | None = None, rule: str = ""
) -> list[tuple[str, str]]:
    """Return rule and surface of all findings, or of the findings of one rule."""
    settings = settings or ReviewSettings()
    findings = find_errors(documents, settings, symmetric=frozenset({"MEETS"}))
    return [(f.rule, f.surface) for f in findings if not rule or f.rule == rule]


def test_a_clean_document_has_no_finding() -> None:
    clean = parse("[Ana](PER#a) vit à [Rome](LOC#b)", "#a LIVES_IN #b")
    assert found(clean) == []


def test_the_less_frequent_label_of_a_surface_is_found() -> None:
    # Rome is LOC twice and ORG once: the ORG mention is found.
    document = parse("[Rome](LOC), [Rome](LOC), [Rome](ORG)")
    assert found(document) == [("label-differs", "Rome")]


def test_equally_frequent_labels_are_both_found_except_for_numbers() -> None:
    document = parse("[Rome](LOC), [Rome](ORG), [18](DATE), [18](QUANTITY)")
    assert found(document) == [("label-differs", "Rome")] * 2


def test_an_unlabelled_surface_is_found_as_a_whole_word_in_the_same_case() -> None:
    # Romes is longer, rome has another case, Nouvelle Rome is a mention: one place is left.
    one = parse("[Rome](LOC) et [Nouvelle Rome](LOC)", id_="a")
    other = parse("Rome, Romes, rome", id_="b")
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
def test_an_unlabelled_surface_is_found_if_long_frequent_and_mostly_labelled(
    settings: ReviewSettings, count: int
) -> None:
    document = parse("[Rome](LOC), [Rome](LOC), [Rome](LOC), Rome")
    assert len(found(document, settings=settings)) == count


def test_the_longest_of_overlapping_unlabelled_surfaces_is_found() -> None:
    # Nations and unies are parts of it. In Nations unieses the word continues: Nations is found.
    one = parse("[Nations](ORG), [unies](NORP), [Nations unies](ORG)", id_="a")
    other = parse("les Nations unies", id_="b")
    longer = parse("les Nations unieses", id_="b")
    assert found(one, longer, settings=LOOSE) == [("bare-surface", "Nations")]
    assert found(one, other, settings=LOOSE) == [("bare-surface", "Nations unies")]


def test_missing_nested_mentions_are_found() -> None:
    document = parse("[roi de [Rome](LOC)](ROLE), [roi de [Rome](LOC)](ROLE), [roi de Rome](ROLE)")
    assert found(document) == [("inner-differs", "roi de Rome")]


def test_labels_of_one_ref_may_be_allowed_together() -> None:
    document = parse("[Ana](PER@ana), [reine](ROLE@ana), [Rome](LOC@ana)")
    both = ReviewSettings(same_ref=(frozenset({"PER", "ROLE"}),))
    every = ReviewSettings(same_ref=(frozenset({"PER", "ROLE", "LOC"}),))
    assert len(found(document, settings=both)) == 1
    assert found(document, settings=every) == []


def test_a_unique_ref_is_found_if_an_equal_mention_has_another() -> None:
    # The last Rome has an attribute, so it is not equal.
    document = parse("[Rome](LOC@rome), [Rome](LOC@rome), [Rome](LOC@roma), [Rome](LOC@it x=y)")
    assert found(document, rule="ref-alone") == [("ref-alone", "Rome")]


@pytest.mark.parametrize(
    ("markup", "is_found"),
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
def test_edges_of_mentions(markup: str, is_found: bool) -> None:
    assert bool(found(parse(markup), rule="edge")) is is_found


def test_duplicates_are_found_and_symmetric_relations_in_both_directions() -> None:
    document = parse(
        "[Ana](PER#a), [Eva](PER#b)",
        "#a MEETS #b\n#b MEETS #a\n#a KNOWS #b\n#b KNOWS #a\n#a KNOWS #b assertion=negated",
    )
    assert found(document) == [
        ("relation-twice", "Ana KNOWS Eva"),
        ("relation-twice", "Eva MEETS Ana"),
    ]
    assert found(parse("[[Rome](LOC)](LOC)")) == [("mention-twice", "Rome")]


def test_an_expected_pattern_must_be_completely_inside_a_mention() -> None:
    day = ExpectedPattern("day", ("DATE",), r"\d+ mai", "Mark it")
    document = parse("[3 mai](DATE), [3](QUANTITY) mai, [du 3 mai 1950](DATE), 4 mai")
    settings = ReviewSettings(expected=(day,))
    assert found(document, settings=settings, rule="day") == [("day", "3 mai"), ("day", "4 mai")]


def test_a_pattern_is_forbidden_for_some_labels_or_for_all() -> None:
    document = parse("[le roi](PER), [le pape](ROLE)")
    one = ForbiddenPattern("article", "^le ", "Move its start", ("PER",))
    every = ForbiddenPattern("article", "^le ", "Move its start")
    assert found(document, settings=ReviewSettings(forbidden=(one,))) == [("article", "le roi")]
    assert len(found(document, settings=ReviewSettings(forbidden=(every,)))) == 2


ACCEPTED = '[[right]]\nrule = "%s"\ndocument = "%s"\nsurface = "Ana"\nwhy = "seen"\n'
NO_ANA = """[[forbidden]]
rule = "name"
pattern = "^Ana$"
labels = ["PER"]
fix = "Remove it"
"""


def test_accepted_findings_are_not_open_and_become_stale(
    corpus: Path,
) -> None:
    # a, b and c have one Ana each; that of a is accepted. The entry of another rule is stale.
    records = ACCEPTED % ("name", "a") + ACCEPTED % ("other", "b")
    (corpus / "review.toml").write_text(NO_ANA + records, encoding="utf-8")
    result = review(Corpus.open(corpus))
    assert [finding.document for finding in result.open] == ["b", "c"]
    assert [(entry.rule, entry.document) for entry in result.stale] == [("other", "b")]


def test_findings_are_accepted_by_offset(corpus: Path) -> None:
    """An entry with `start` needs no surface; one at another offset accepts nothing."""
    (corpus / "review.toml").write_text(NO_ANA, encoding="utf-8")
    first = review(Corpus.open(corpus)).open[0]
    for start, stale in ((first.start, 0), (first.start + 1, 1)):
        entry = f'[[right]]\nrule = "name"\ndocument = "a"\nstart = {start}\nwhy = "seen"\n'
        (corpus / "review.toml").write_text(NO_ANA + entry, encoding="utf-8")
        result = review(Corpus.open(corpus))
        assert len(result.stale) == stale
        assert (first in result.open) == bool(stale)


@pytest.mark.parametrize("place", ["", 'surface = "Ana"\nstart = 0\n'])
def test_an_accepted_finding_has_a_surface_or_an_offset(corpus: Path, place: str) -> None:
    entry = f'[[right]]\nrule = "name"\ndocument = "a"\nwhy = "seen"\n{place}'
    (corpus / "review.toml").write_text(entry, encoding="utf-8")
    with pytest.raises(DataError, match="both surface and start, or neither"):
        review(Corpus.open(corpus))


def test_an_accepted_finding_of_a_missing_document_is_not_stale(corpus: Path) -> None:
    with (corpus / "corpus.toml").open("a") as stream:
        stream.write('restricted = ["away"]\n')
    (corpus / "review.toml").write_text(ACCEPTED % ("name", "away"), encoding="utf-8")
    assert review(Corpus.open(corpus)).stale == ()


def test_a_finding_is_printed_with_place_reason_and_fix() -> None:
    finding = Finding("edge", "d", "e1", "Rome,", 3, "…à [Rome,] hier…", "a comma", "Move its end")
    assert str(finding) == (
        "document d: e1 «Rome,»: a comma [edge]. Move its end. In: …à [Rome,] hier…"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[", "not valid TOML"),
        ("least = 3", "least"),
        (NO_ANA.replace("^Ana$", "("), "not a valid regular expression"),
        (NO_ANA.replace("PER", "PERS"), "the entity label PERS"),
    ],
)
def test_an_invalid_review_file_is_an_error(corpus: Path, content: str, message: str) -> None:
    (corpus / "review.toml").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
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
def test_the_patterns_of_the_corpus_of_this_repository(markup: str, rules: list[str]) -> None:
    schema = load_schema(OURS / "schema.toml")
    settings = load_review_settings(OURS, schema)
    assert [rule for rule, _ in found(parse(markup), settings=settings)] == rules
