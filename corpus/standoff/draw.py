"""The draw of documents from a text collection: seeded, stratified by theme, split by date.

Every split has a range of dates, so all test documents are later than all dev documents, and these
later than all training documents. Within a split, one document per theme is taken in turn until
the split is complete: rare themes are used completely, frequent themes share the rest, and no theme
exceeds its maximum share. Within a theme, documents are ranked by the SHA-256 of seed and id.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.removal.removed_documents import removed_documents
from aloi.corpus.segmentation import word_ngrams
from aloi.corpus.standoff.collection import TextCollection, date_of
from aloi.corpus.standoff.themes import ThemeRule, load_themes
from aloi.corpus.toml_files import load_toml

DRAW_FILE, RULE_FILE, THEME_FILE = "draw.toml", "draw_rule.toml", "themes.toml"
"""Files in a stand-off corpus: the draw, its rule, and the rule of the themes."""

_MIN_PARAGRAPH = 60
"""Minimum number of characters of a paragraph of prose; shorter lines are headings or scores."""

_PARAGRAPH_END = re.compile(r"[.!?…:»\"”)\]]\s*$")
_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)")


class SplitRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first date of a split (YYYY-MM-DD) and its number of documents."""

    from_: str = msgspec.field(name="from")
    size: int


class DrawRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `draw_rule.toml`; the splits are in the order of their dates."""

    version: str
    seed: int
    min_characters: int
    max_characters: int
    min_prose_share: float
    min_sentences: int
    max_shared_ngrams: float
    max_theme_share: float
    splits: dict[str, SplitRule]

    def split(self, date: str) -> str | None:
        """Return the split of a date, or None if it is before the first split."""
        found = [name for name, split in self.splits.items() if split.from_ <= date]
        return found[-1] if found else None


class DrawnDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Theme and split of a drawn document. A person may correct the theme."""

    theme: str
    split: str


class Draw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `draw.toml`: the seed, the versions of the rules, and the documents by id."""

    seed: int
    rule: str
    themes: str
    documents: dict[str, DrawnDocument]

    def ids(self, split: str) -> list[str]:
        """Return the document ids of a split in the order of date."""
        return sorted(id_ for id_, drawn in self.documents.items() if drawn.split == split)


def load_rule(path: Path) -> DrawRule:
    """Read a `draw_rule.toml`; raise `DataError` if it is invalid."""
    return load_toml(path, DrawRule, fix="Correct the rule of the draw")


def load_draw(path: Path) -> Draw:
    """Read a `draw.toml`; raise `DataError` if it is invalid."""
    return load_toml(path, Draw, fix="Correct the draw, or draw again")


def draw(
    collection: TextCollection,
    rule: DrawRule,
    themes: ThemeRule,
    *,
    removed: Collection[str] = (),
) -> Draw:
    """Draw documents; raise `DataError` if a split has too few candidates.

    Documents with an id in `removed` are left out.
    """
    pools: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in rule.splits}
    for id_, text in candidates(collection, rule):
        split, theme = rule.split(date_of(id_)), themes.theme(text)
        if split is not None and theme is not None and id_ not in removed:
            pools[split][theme].append(id_)
    documents = {
        id_: DrawnDocument(theme, split)
        for split, pool in pools.items()
        for theme, ids in _draw_split(split, pool, rule).items()
        for id_ in ids
    }
    return Draw(rule.seed, rule.version, themes.version, dict(sorted(documents.items())))


def candidates(collection: TextCollection, rule: DrawRule) -> Iterator[tuple[str, str]]:
    """Yield id and text of every text that is long enough, news prose, and no near duplicate.

    Texts are yielded from the latest to the earliest. Of two near duplicates, the later is kept,
    because later splits have fewer texts.
    """
    seen: dict[tuple[str, ...], list[str]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for id_ in sorted(collection.files, reverse=True):
        text = collection.text(id_)
        if rule.min_characters <= len(text) <= rule.max_characters and is_prose(text, rule):
            ngrams = word_ngrams(text)
            shared = Counter(other for ngram in ngrams for other in seen.get(ngram, ()))
            sizes[id_] = len(ngrams)
            if any(
                count / max(min(sizes[id_], sizes[other]), 1) > rule.max_shared_ngrams
                for other, count in shared.items()
            ):
                continue
            for ngram in ngrams:
                seen[ngram].append(id_)
            yield id_, text


def is_prose(text: str, rule: DrawRule) -> bool:
    """Return whether a text consists of sentences, not of a list of results or names.

    The first line is the title and does not count.
    """
    lines = [line.strip() for line in text.split("\n")[1:]]
    prose = [line for line in lines if len(line) >= _MIN_PARAGRAPH and _PARAGRAPH_END.search(line)]
    share = sum(map(len, prose)) / max(sum(map(len, lines)), 1)
    sentences = len(_SENTENCE_END.findall("\n".join(prose)))
    return share >= rule.min_prose_share and sentences >= rule.min_sentences


def _draw_split(split: str, pool: Mapping[str, list[str]], rule: DrawRule) -> dict[str, list[str]]:
    """Return the drawn ids of a split by theme."""
    size = rule.splits[split].size
    available = {theme: len(ids) for theme, ids in pool.items()}
    quotas = theme_quotas(available, size, int(size * rule.max_theme_share))
    if (total := sum(quotas.values())) < size:
        what = f"the split {split} needs {size} documents, but only {total} can be drawn"
        fix = "Change the date or the size of the split in draw_rule.toml"
        raise DataError([Problem("draw-too-small", what, fix)])
    return {
        theme: sorted(pool[theme], key=lambda id_: _rank(rule.seed, id_))[:count]
        for theme, count in quotas.items()
    }


def theme_quotas(available: Mapping[str, int], size: int, maximum: int) -> dict[str, int]:
    """Return the number of documents per theme; the sum is less than `size` if too few exist.

    The themes take turns, the rarest first; no theme gets more than `maximum`.
    """
    quotas = dict.fromkeys(sorted(available, key=lambda theme: (available[theme], theme)), 0)
    while True:
        open_ = [t for t in quotas if quotas[t] < min(available[t], maximum)]
        for theme in open_:
            if sum(quotas.values()) == size:
                return quotas
            quotas[theme] += 1
        if not open_:
            return quotas


def _rank(seed: int, id_: str) -> str:
    return hashlib.sha256(f"{seed}:{id_}".encode()).hexdigest()


def format_draw(draw: Draw) -> str:
    """Return a draw as TOML, one line per document, in the order of date."""
    head = (
        "# Documents drawn from the text collection: theme and split by document id. Written by\n"
        "# `aloi corpus draw`. Themes may be corrected by hand.\n"
        f'seed = {draw.seed}\nrule = "{draw.rule}"\nthemes = "{draw.themes}"\n\n[documents]\n'
    )
    return head + "".join(
        f'{id_} = {{ theme = "{drawn.theme}", split = "{drawn.split}" }}\n'
        for id_, drawn in draw.documents.items()
    )


def write_draw(folder: Path, collection: TextCollection) -> Path:
    """Draw documents by the rules in a stand-off corpus and write its `draw.toml`; return the file.

    Removed documents are not drawn. Raises `DataError` if the file exists, because a person may
    have corrected it.
    """
    file = folder / DRAW_FILE
    if file.exists():
        what = "the documents are drawn already"
        fix = "Remove the file to draw again; corrections made by hand are lost"
        raise DataError([Problem("output-exists", what, fix, file=str(file))])
    rule, themes = load_rule(folder / RULE_FILE), load_themes(folder / THEME_FILE)
    drawn = draw(collection, rule, themes, removed=removed_documents(folder))
    with atomic_text_file(file) as stream:
        stream.write(format_draw(drawn))
    return file
