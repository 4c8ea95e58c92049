"""Refs by rules: hand-worked texts. Each mention is written with its expected ref."""

import re
import time

import msgspec
import pytest
from marked_documents import marked_document, refs_of

from aloi.corpus.document import Document, Entity
from aloi.models.refs.clustering import predict_refs
from aloi.models.refs.lexicon import RefLexicon

TRAINING = [
    marked_document(
        "[Moscou](LOC#moscou) [russe](NORP#russie) [Nations unies](ORG#onu) [accord](TREATY#a-1)",
        "t1",
    ),
    marked_document("[russes](NORP#russie) [russe](NORP#russie) [accord](TREATY#a-1)", "t2"),
]
LEXICON = msgspec.structs.replace(
    RefLexicon.of(None, TRAINING),
    names={
        "tchad": ("tchad",),
        "union europeenne": ("union-europeenne",),
        "bush": ("george-bush", "george-w-bush"),
        "donald trump": ("donald-trump",),
    },
    types={
        "tchad": "LOC",
        "union-europeenne": "ORG",
        "george-bush": "PER",
        "george-w-bush": "PER",
        "donald-trump": "PER",
    },
)

TEXTS = [
    # 1 short forms of a person's name, before and after the full name
    "[Xi](PER#xi-jinping) arrive. [Xi Jinping](PER#xi-jinping) parle. [Xi](PER#xi-jinping) part.",
    # 2 two persons with one surname: the nearest full name before
    "[Bill Clinton](PER#bill-clinton) et [Hillary Clinton](PER#hillary-clinton) ; "
    "[Clinton](PER#hillary-clinton)",
    # 3 an initial
    "[Léo M.](PER#leo-martel), [Léo Martel](PER#leo-martel)",
    # 4 a name of the list of refs, with another capitalisation
    "[Donald TRUMP](PER#donald-trump)",
    # 5 an ambiguous name of the list gets a new ref
    "[Bush](PER#bush)",
    # 6 a function before its holder
    "le [président](ROLE#emmanuel-macron) [Emmanuel Macron](PER#emmanuel-macron)",
    # 7 with a title between
    "le [ministre](ROLE#jean-dupont) M. [Jean Dupont](PER#jean-dupont)",
    # 8 in apposition after the name
    "[Ana Ruiz](PER#ana-ruiz), la [maire](ROLE#ana-ruiz) de [Lens](LOC#lens)",
    # 9 with a complement between
    "[Paul Roy](PER#paul-roy). Le [président](ROLE#idriss-deby) du [Tchad](LOC#tchad), "
    "[Idriss Déby](PER#idriss-deby)",
    # 10 after a verb
    "[Ana Ruiz](PER#ana-ruiz) est élue [maire](ROLE#ana-ruiz)",
    # 11 the same function again, although another person is nearer
    "le [chancelier](ROLE#willy-brandt) [Willy Brandt](PER#willy-brandt) voit "
    "[Dean Rusk](PER#dean-rusk). Le [chancelier](ROLE#willy-brandt) part.",
    # 12 otherwise the last person in the paragraph
    "[Ana Ruiz](PER#ana-ruiz) parle. L'[avocate](ROLE#ana-ruiz) part.",
    # 13 an acronym in parentheses, and its other mentions
    "l'[Organisation des États](ORG#oea) ([OEA](ORG#oea)). L'[OEA](ORG#oea) parle.",
    # 14 the list of refs comes before the acronym
    "l'[Union européenne](ORG#union-europeenne) ([UE](ORG#union-europeenne))",
    # 15 a longer name in the document
    "le [Conseil](ORG#onu) des [Nations unies](ORG#onu)".replace(
        "Conseil](ORG#onu", "Conseil](ORG#conseil"
    ),
    # 16 adjectives in the training documents, and an adjective with the stem of a place
    "l'armée [russe](NORP#russie), le gouvernement [tchadien](NORP#tchad)",
    # 17 the last mention with the same noun
    "le [traité de Rome](TREATY#traite-de-rome), le [traité de Paris](TREATY#traite-de-paris). "
    "Le [traité](TREATY#traite-de-paris) dit",
    # 18 a noun of the same group
    "la [guerre du Golfe](EVENT#guerre-du-golfe). Le [conflit](EVENT#guerre-du-golfe) dure.",
    # 19 a noun of another group is another event
    "le [sommet de Malte](EVENT#sommet-de-malte). L'[incendie](EVENT#incendie) dure. "
    "Cet [incendie](EVENT#incendie)",
    # 20 the full name after the noun
    "Le [sommet](EVENT#sommet-de-malte) s'ouvre. Le [sommet de Malte](EVENT#sommet-de-malte)",
    # 21 dates, from the date of the document
    "[mardi](DATE#2026-02-03), [fin 1989](DATE#1989), les [années 1960](DATE)",
    # 22 quantities have no ref
    "[80 ans](QUANTITY)",
]


@pytest.mark.parametrize("marked", TEXTS)
def test_each_text(marked: str) -> None:
    expected = marked_document(marked, date="2026-02-04")
    bare = [msgspec.structs.replace(each, ref=None) for each in expected.entities]
    document = msgspec.structs.replace(expected, entities=tuple(bare))
    assert refs_of(predict_refs(document, LEXICON, name_persons=True)) == refs_of(expected)


PERSONS = [
    # 23 private persons in the order of their first mentions; a short form and a function
    "[Léo Roy](PER d#p1) et la [voisine](ROLE d#p2), [Ida Blum](PER d#p2). [Roy](PER d#p1) part.",
    # 24 a public function makes a person public, its complement does not
    "la [maire](ROLE ana-ruiz) [Ana Ruiz](PER ana-ruiz), "
    "l'[avocat du maire](ROLE d#p1) [Léo Roy](PER d#p1)",
    # 25 names of the list of refs, also ambiguous ones
    "[Donald Trump](PER donald-trump), [Bush](PER bush), [Ida](PER d#p1)",
]


@pytest.mark.parametrize("marked", PERSONS)
def test_private_persons_have_refs_of_the_document(marked: str) -> None:
    """Guide, G11. The expected ref follows the label."""
    expected = re.findall(r" ([^ ()]*)\)", marked)
    document = marked_document(re.sub(r" [^ ()]*\)", ")", marked), "d")
    assert [ref for _, ref in refs_of(predict_refs(document, LEXICON))] == expected


def test_numbers_of_private_persons_in_the_document_are_not_given_again() -> None:
    document = marked_document("[Léo](PER) [Ida](PER)", "d")
    given = msgspec.structs.replace(document.entities[1], ref="d#p1")
    document = msgspec.structs.replace(document, entities=(document.entities[0], given))
    assert [ref for _, ref in refs_of(predict_refs(document, LEXICON))] == ["d#p2", "d#p1"]


def test_given_refs_are_kept_and_used() -> None:
    document = marked_document("[Xi](PER) [Xi Jinping](PER#x)")
    assert refs_of(predict_refs(document, LEXICON)) == [("Xi", "x"), ("Xi Jinping", "x")]


def test_the_attributes_of_a_mention_decide_before_its_surface() -> None:
    place = Entity(id="a", start=0, end=6, label="LOC")
    power = msgspec.structs.replace(place, attributes={"metonymy": "government"})
    annotated = msgspec.structs.replace(power, ref="russie")
    lexicon = RefLexicon.of(None, [*TRAINING, Document("t3", "Moscou", (annotated,))])
    found = [predict_refs(Document("d", "Moscou", (each,)), lexicon) for each in (place, power)]
    assert [each.entities[0].ref for each in found] == ["moscou", "russie"]


def test_the_annotations_of_a_document_are_not_used_for_itself() -> None:
    again = marked_document("[russe](NORP)", "t1")
    assert refs_of(predict_refs(again, RefLexicon.of(None, TRAINING[:1]))) == [("russe", "russe")]


def test_bare_nouns_can_be_left_without_ref() -> None:
    document = marked_document("l'[accord](TREATY). L'[accord](TREATY) de [Paris](LOC)")
    found = predict_refs(document, RefLexicon(), bare_nouns=False)
    assert [ref for _, ref in refs_of(found)] == [None, None, "paris"]


def test_a_document_of_100_000_characters_takes_seconds() -> None:
    """A quadratic rule would take minutes: 7,000 mentions of 700 different names."""
    sentence = "Le [président](ROLE) [Ana N{0}](PER) voit l'[Office N{0}](ORG) au [sommet](EVENT). "
    marked = "".join(sentence.format(number % 700) for number in range(1750))
    document = marked_document(marked)
    assert len(document.text) > 90_000
    start = time.perf_counter()
    predict_refs(document, LEXICON)
    assert time.perf_counter() - start < 20
