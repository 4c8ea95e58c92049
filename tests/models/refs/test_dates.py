"""ISO dates of expressions (guide, G7 and D3), in documents of Wednesday 4 February 2026."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.refs.authority import is_iso_date
from aloi.models.refs.dates import DateMention, normalise_dates

PUBLISHED = "2026-02-04"


def dates_of(marked: str, published: str | None = PUBLISHED) -> list[str | None]:
    """Return the dates of the expressions in square brackets."""
    mentions, text = [], ""
    for part in re.split(r"(\[.*?\])", marked):
        bare = part.strip("[]") if part.startswith("[") else part
        if bare != part:
            mentions.append(DateMention(len(text), len(text) + len(bare)))
        text += bare
    return list(normalise_dates(text, mentions, published))


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("le [mardi 6 octobre 1981]", "1981-10-06"),
        ("le [1er août 1991]", "1991-08-01"),
        ("le [12/03/2017]", "2017-03-12"),
        ("[2017-03-12]", "2017-03-12"),
        ("[2017-13-12]", None),
        ("en [août 1991]", "1991-08"),
        ("en [1975]", "1975"),
        # vaguer than a form: the smallest form that contains it
        ("[fin 1989]", "1989"),
        ("à l'[été 1990]", "1990"),
        ("[mi-mars]", "2026-03"),
        ("du [4 au 11 février 1945]", "1945-02"),
        ("du [30 juin au 2 juillet 1965]", "1965"),
        # no form contains it
        ("les [années 1960]", None),
        ("le [XXe siècle]", None),
        ("en [1939-1945]", None),
        # a day without year is the last one, or the next one if the clause says so
        ("le [3 février]", "2026-02-03"),
        ("le [20 décembre] a eu lieu", "2025-12-20"),
        ("se tiendra le [20 décembre]", "2026-12-20"),
        ("le [5 juillet dernier]", "2025-07-05"),
        ("en [mars prochain]", "2026-03"),
        ("le [jeudi 5 février]", "2026-02-05"),
        # weekdays of the week around the document
        ("ce [mercredi]", "2026-02-04"),
        ("arrivé [lundi]", "2026-02-02"),
        ("il sera reçu [lundi]", "2026-02-09"),
        # words just before decide, whatever else the clause says
        ("le candidat est visé depuis [lundi]", "2026-02-02"),
        ("a déclaré [lundi] que ce sera long", "2026-02-02"),
        ("il est attendu [lundi]", "2026-02-09"),
        ("les votes ont lieu au plus tard le [lundi]", "2026-02-09"),
        # the clause of an expression at the start of its sentence goes on after a comma
        ("[Lundi], à Lens, un match opposera les deux", "2026-02-09"),
        ("Arrivé [lundi], il sera reçu", "2026-02-02"),
        ("[jeudi dernier]", "2026-01-29"),
        ("[jeudi prochain]", "2026-02-05"),
        # relative to the document
        ("[hier]", "2026-02-03"),
        ("[avant-hier]", "2026-02-02"),
        ("[aujourd’hui]", "2026-02-04"),
        ("l'[an dernier]", "2025"),
        ("ce [mois-ci]", "2026-02"),
        ("le [mois dernier]", "2026-01"),
        ("la [semaine dernière]", "2026-01"),
    ],
)
def test_each_kind_of_expression(marked: str, expected: str | None) -> None:
    assert dates_of(marked) == [expected]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("Le [8 mai 1954], Paris. La [veille], Hanoï.", ["1954-05-08", "1954-05-07"]),
        ("Le [8 mai 1954], Paris.\n\nLa [veille], Hanoï.", ["1954-05-08", "2026-02-03"]),
        ("en [1963], puis l'[année suivante]", ["1963", "1964"]),
        ("le [8 juillet 1990]. Ce [jour-là]", ["1990-07-08", "1990-07-08"]),
        ("en [septembre 1951]. Le [8], Tokyo signe", ["1951-09", "1951-09-08"]),
        # a text that narrates another year continues in it
        ("en [mai 1968], puis en [juillet]", ["1968-05", "1968-07"]),
        # but not as far as the last weeks before the document
        ("depuis [mai 1968]. Le [14 janvier], rien", ["1968-05", "2026-01-14"]),
        ("de [janvier] et [novembre 2015]", ["2015-01", "2015-11"]),
        ("les [9] et [11 mai]", ["2025-05-09", "2025-05-11"]),
        # the entries of a chronology inherit the year
        ("- [2 mai 1982] : un.\n- [11 juin] : deux.", ["1982-05-02", "1982-06-11"]),
        ("• [1992] – la Chine, en [mars]", ["1992", "1992-03"]),
    ],
)
def test_the_text_before_an_expression(marked: str, expected: list[str]) -> None:
    assert dates_of(marked) == expected


def test_without_the_date_of_the_document_only_stated_dates_are_known() -> None:
    assert dates_of("[hier], [lundi], le [3 mai]", None) == [None, None, None]
    assert dates_of("le [3 mai 1990], le [7 juin]", None) == ["1990-05-03", "1990-06-07"]


def test_impossible_days_have_no_date() -> None:
    assert dates_of("le [31 février 1990]") == [None]


@given(st.text(max_size=30), st.sampled_from([PUBLISHED, "2026-02", "2026", None, "hier"]))
def test_every_text_has_an_iso_date_or_none(text: str, published: str | None) -> None:
    [found] = normalise_dates(text, [DateMention(0, len(text))], published)
    assert found is None or is_iso_date(found)
