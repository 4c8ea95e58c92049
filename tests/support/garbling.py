"""Copies of documents with the mistakes of language models, and the origin of each character.

A garbled copy knows the offset in the original of every character that was copied, so that a test
can say whether a mention was attached to the right occurrence.
"""

import unicodedata
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from aloi.corpus.document import Document, Entity

NAMES = ("Ana", "Léo", "Leo", "Ana Ruiz", "l’ONU", "Étienne")
_WORDS = """
accord annonce après armée avec bâtiment blessés budget campagne centre chef chez choisit conseil
contre dans décembre dépêche député directeur dit école élection elle entre équipe fête fin forêt
grève hier hôpital jeudi journal juge la le loi mairie marché ministre monde musée nuit où pays
peuple place police port préfet président projet quitte rapport refuse région rencontre réunion
salle selon séance siège soir sommet soutient texte train usine vallée ville visite vote
"""
WORDS = _WORDS.split()


@dataclass(frozen=True)
class Character:
    """A character of a copy, its offset in the original if it was copied, and its mentions."""

    value: str
    origin: int | None = None
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Garbled:
    """A garbled copy of a document: the copy with its mentions, and the origins of its text."""

    original: Document
    copy: Document
    origins: tuple[int | None, ...]

    def is_right(self, mention: Entity, start: int, end: int) -> bool:
        """Return whether a mention of the copy was made from `original.text[start:end]`."""
        origins = self.origins[mention.start : mention.end]
        return origins == tuple(range(start, end))

    def is_untouched(self, mention: Entity) -> bool:
        """Return whether the characters of a mention of the copy are those of its original."""
        origins = self.origins[mention.start : mention.end]
        if None in origins or origins != tuple(range(origins[0], origins[0] + len(origins))):
            return False
        original = self.original.text[origins[0] : origins[-1] + 1]
        return original == self.copy.surface(mention)


Pieces = list[list[Character]]
"""The sentences of a copy, each a list of characters."""


def characters(document: Document) -> list[Character]:
    """Return the characters of an ungarbled copy."""
    marks: list[set[str]] = [set() for _ in document.text]
    for entity in document.entities:
        for offset in range(entity.start, entity.end):
            marks[offset].add(entity.id)
    return [
        Character(value, offset, frozenset(names))
        for offset, (value, names) in enumerate(zip(document.text, marks, strict=True))
    ]


def garbled(original: Document, copied: list[Character]) -> Garbled:
    """Return the garbled copy with these characters; a mention is a run with one mark.

    The ref of each mention is its id, by which it is recognised when an answer is read.
    """
    labels = {entity.id: entity.label for entity in original.entities}
    entities = []
    runs: dict[str, int] = {}
    for offset, character in enumerate([*copied, Character("")]):
        for mark in sorted(runs.keys() - character.marks):
            start = runs.pop(mark)
            id_ = f"m{len(entities)}"
            label = labels.get(mark.partition("~")[0], "PER")
            entities.append(Entity(id=id_, start=start, end=offset, label=label, ref=id_))
        for mark in character.marks:
            runs.setdefault(mark, offset)
    text = "".join(character.value for character in copied)
    entities = [e for e in entities if text[e.start : e.end].strip() == text[e.start : e.end]]
    copy = Document(original.id, text, tuple(entities))
    return Garbled(original, copy, tuple(character.origin for character in copied))


def split_sentences(copied: list[Character]) -> Pieces:
    """Return the sentences; each one ends with its full stop and space."""
    sentences: Pieces = [[]]
    for character in copied:
        sentences[-1].append(character)
        if character.value == " " and len(sentences[-1]) > 1 and sentences[-1][-2].value == ".":
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def split_words(copied: list[Character]) -> Pieces:
    """Return the words, each with the space after it."""
    words: Pieces = [[]]
    for character in copied:
        words[-1].append(character)
        if character.value == " ":
            words.append([])
    return [word for word in words if word]


def join(pieces: Pieces) -> list[Character]:
    return [character for piece in pieces for character in piece]


def without_accent(character: Character) -> Character:
    return replace(character, value=unicodedata.normalize("NFKD", character.value)[0])


def straight(character: Character) -> Character:
    return replace(
        character, value={"’": "'", "«": '"', "»": '"'}.get(character.value, character.value)
    )


def invented(chance: Random, number: int) -> list[Character]:
    """Return an invented sentence about a name, which the text may contain elsewhere."""
    mark = frozenset({f"invented~{number}"})
    return [
        *map(Character, "D’après des sources proches, "),
        *(Character(value, None, mark) for value in chance.choice(NAMES)),
        *map(Character, " serait bientôt concerné. "),
    ]


def random_text(chance: Random) -> Document:
    """Return a document in which few names recur in different sentences, all of them mentions."""
    vocabulary = iter(chance.sample(WORDS, len(WORDS)))
    text = ""
    entities: list[Entity] = []
    for _ in range(chance.randint(1, 5)):
        words = list(islice(vocabulary, chance.randint(2, 5)))
        for _ in range(chance.randint(1, 2)):
            words.insert(
                chance.randint(0, len(words)), chance.choice(NAMES[: chance.randint(1, 6)])
            )
        for word in words:
            if word in NAMES:
                start, id_ = len(text), f"e{len(entities)}"
                entities.append(Entity(id=id_, start=start, end=start + len(word), label="PER"))
                if word == "Ana Ruiz":
                    entities.append(Entity(id=f"{id_}n", start=start, end=start + 3, label="LOC"))
            text += f"{word} "
        text = f"{text.rstrip()}. "
    return Document("d", text.rstrip(), tuple(entities))


def garbled_copy(chance: Random) -> Garbled:
    """Return a copy with one to four kinds of mistakes.

    Names are either lost (dropped, or changed in single letters), or moved, or repeated. If a name
    were moved or repeated to where the same name was lost, the copy would be the same as if that
    name had been copied, and nobody could say which one it is.
    """
    original = random_text(chance)
    copied = characters(original)
    names = chance.choice((("drop", "substitute"), ("reorder",), ("repeat",)))
    kinds = ("accents", "quotes", "drop words", "invent", *names)
    for number in range(chance.randint(1, 4)):
        copied = _garble(chance, copied, chance.choice(kinds), number)
    return garbled(original, copied)


def _garble(chance: Random, copied: list[Character], kind: str, number: int) -> list[Character]:
    if kind in CHARACTER_CHANGES:
        return [*map(CHARACTER_CHANGES[kind], copied)]
    if kind == "substitute":
        places = {chance.randrange(len(copied) or 1) for _ in range(4)}
        return [replace(c, value="x") if i in places else c for i, c in enumerate(copied)]
    if kind in ("drop", "drop words", "repeat"):
        return join(_garble_words(chance, split_words(copied), kind, number))
    sentences = split_sentences([*copied, Character(" ")])
    if kind == "reorder":
        first, second = (chance.randrange(len(sentences)) for _ in range(2))
        sentences[first], sentences[second] = sentences[second], sentences[first]
        return join(sentences)
    sentences.insert(chance.randint(0, len(sentences)), invented(chance, number))
    return join(sentences)


CHARACTER_CHANGES = {"accents": without_accent, "quotes": straight}


def _garble_words(chance: Random, words: Pieces, kind: str, number: int) -> Pieces:
    if kind != "repeat":
        dropped = {chance.randrange(len(words) or 1) for _ in range(chance.randint(1, 6))}
        kept = [kind == "drop words" and bool(word[0].marks) for word in words]
        return [word for i, word in enumerate(words) if kept[i] or i not in dropped]
    name = chance.choice([word for word in words if word[0].marks] or [[]])
    marks = (frozenset(f"{mark}~{number}" for mark in c.marks) for c in name)
    again = [replace(c, origin=None, marks=m) for c, m in zip(name, marks, strict=True)]
    place = chance.randint(0, len(words))
    return [*words[:place], again, *words[place:]]


def changed_characters(document: Document, share: float, seed: int) -> Garbled:
    """Return a copy in which a random share of the characters is replaced by other letters."""
    chance = Random(seed)
    copied = [
        replace(c, value=chance.choice("abcdefghijklmnopqrstuvwxyzé "))
        if chance.random() < share
        else c
        for c in characters(document)
    ]
    return garbled(document, copied)
