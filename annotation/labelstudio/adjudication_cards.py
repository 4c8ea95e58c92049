"""The cards of an adjudication task: for each question, the passage, the rules and the answers.

Annotators are called A, B, C and so on. The HTML contains no scripts. The texts are in
the language of the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from string import ascii_uppercase
from typing import Any

from aloi.annotation.compare.adjudication import AdjudicationCase
from aloi.annotation.compare.alignment import AlignedVersions
from aloi.annotation.compare.content import MentionKey, Values
from aloi.annotation.compare.disagreements import MENTION, RELATION
from aloi.annotation.compare.questions import (
    BOTH,
    NEITHER,
    OTHER,
    Question,
    Relations,
    agreed_relations,
    chosen_annotator,
    related_slots,
    relations_between,
)
from aloi.corpus.guides import Guide
from aloi.corpus.languages.interface_texts import AdjudicationTexts
from aloi.corpus.languages.language import Language

CONTEXT_LENGTH = 40
"""The number of code points shown on either side of a passage."""

_LETTERS = "abcdefghijklmnopqrstvwxyz"
"""The letters, without u, with which Label Studio unselects a region."""

ANSWER_KEYS = (
    *"1234567890",
    *_LETTERS,
    *(f"shift+{key}" for key in (*"1234567890", *_LETTERS)),
)
"""The keys of answers, in the order in which they are given to answers."""

_BOLD, _ITALIC, _CODE = r"\*\*(.+?)\*\*", r"\*(.+?)\*", r"`(.+?)`"


def make_cards(case: AdjudicationCase, guide: Guide | None) -> list[dict[str, Any]]:
    """Return the cards of a case; each contains the question's key, HTML, and answers.

    The versions of all questions get keys first, then the other answers.
    """
    cards = [_make_card(case, number, guide) for number in range(len(case.questions))]
    answers = [answer for card in cards for answer in card["reponses"]]
    by_version = sorted(answers, key=lambda each: chosen_annotator(each["alias"]) is None)
    for answer, key in zip(by_version, ANSWER_KEYS, strict=False):
        answer["hotkey"] = key
    return cards


def annotator_legend(case: AdjudicationCase) -> str:
    """Return the letters and names of the annotators in HTML, with a hint if there is only one."""
    letters = _letters(case)
    names = " · ".join(f"<b>{letters[name]}</b> {escape(name)}" for name in case.versions)
    language = case.schema.interface
    single = f"{language.typography.colon}{language.texts.adjudication.single_annotator}"
    hint = "" if len(letters) > 1 else single
    return f"<p style='margin: 0 0 4px'>{names}{hint}</p>"


def _letters(case: AdjudicationCase) -> dict[str, str]:
    return dict(zip(case.versions, ascii_uppercase, strict=False))


def _make_card(case: AdjudicationCase, number: int, guide: Guide | None) -> dict[str, Any]:
    question = case.questions[number]
    language = case.schema.interface
    texts, colon = language.texts.adjudication, language.typography.colon
    name = texts.number.format(number=number + 1)
    title = f"<b>{name}</b> {escape(_kind(question, texts))}{colon}{_passage(question, case)}"
    rules = _rules(question, guide, language) if guide else ""
    return {
        "cle": question.key,
        "passage": f"<div>{title}{rules}</div>",
        "reponses": [
            {"value": text, "alias": answer, "html": html}
            for answer, text, html in _answers(question, case)
        ],
    }


def _kind(question: Question, texts: AdjudicationTexts) -> str:
    """Return what a question is about."""
    if question.aspect != MENTION:
        return question.aspect
    keys = {version[0] for version in question.versions.values() if isinstance(version, tuple)}
    if any(version is None for version in question.versions.values()):
        return texts.mention
    labels, spans = {key[2] for key in keys}, {key[:2] for key in keys}
    names = [(texts.label, len(labels) > 1), (texts.span, len(spans) > 1)]
    return f" {texts.and_} ".join(name for name, differs in names if differs) or texts.value


def _passage(question: Question, case: AdjudicationCase) -> str:
    """Return the marked words with their context in HTML; distant words have separate contexts."""
    text = case.first.text
    if question.aspect != RELATION:
        excerpt, number = _excerpt(text, question.spans[:1]), len(question.spans)
        count = case.schema.interface.texts.adjudication.mention_count.format(count=number)
        return f"{excerpt} ({count})" if number > 1 else excerpt
    first, last = question.spans[0], question.spans[-1]
    if last[0] - first[1] > 2 * CONTEXT_LENGTH:
        return " ".join(_excerpt(text, [span]) for span in (first, last))
    return _excerpt(text, question.spans)


def _excerpt(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a part of the text in HTML, with the spans in bold."""
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    left, right = max(start - CONTEXT_LENGTH, 0), min(end + CONTEXT_LENGTH, len(text))
    bold = {place for span in spans for place in range(*span)}
    parts, place = [], left
    for cut in sorted({right, *(x for span in spans for x in span)}):
        part = escape(" ".join(text[place:cut].split("\n")))
        parts.append(f"<b>{part}</b>" if place in bold and part else part)
        place = cut
    return f"{'…' if left else ''}{''.join(parts)}{'…' if right < len(text) else ''}"


def _answers(question: Question, case: AdjudicationCase) -> Iterator[tuple[str, str, str]]:
    """Yield the possible answers, each as stored, as text and as HTML."""
    letters = _letters(case)
    groups = {names[0]: ", ".join(letters[name] for name in names) for names in question.groups}
    texts = case.schema.interface.texts.adjudication
    both = texts.both if len(groups) == 2 else texts.all_
    common = {BOTH: both, NEITHER: texts.neither, OTHER: texts.other}
    for answer in question.answers:
        name = chosen_annotator(answer)
        if name is None:
            yield answer, common[answer], escape(common[answer])
        else:
            version = _describe(question, name, case.aligned)
            yield answer, f"{groups[name]} {version}", f"<b>{groups[name]}</b> {escape(version)}"


def _describe(question: Question, name: str, aligned: AlignedVersions) -> str:
    """Return an annotator's version on one line."""
    version, language = question.versions[name], aligned.schema.interface
    if not version:
        texts = language.texts.adjudication
        none = {MENTION: texts.no_mention, RELATION: texts.no_relation}
        return none.get(question.aspect, texts.no_value)
    if isinstance(version, tuple):
        key, values = version
        carried = _carried_relations(question.slots[0], name, aligned)
        return " ".join([_mention(key, aligned), *_assignments(values), *carried])
    if isinstance(version, dict):
        return language.typography.semicolon.join(_relations(version, name, aligned))
    return version


def _mention(key: MentionKey, aligned: AlignedVersions) -> str:
    start, end, label = key
    return f"{label} {_surface((start, end), aligned)}"


def _surface(span: tuple[int, int], aligned: AlignedVersions) -> str:
    text = next(iter(aligned.versions.values())).text
    return f"«{' '.join(text[slice(*span)].split())}»"


def _assignments(values: Values) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _relations(relations: Relations, name: str, aligned: AlignedVersions) -> Iterator[str]:
    """Yield an annotator's relations, each with its ends and its direction."""
    for (head, tail, label), attributes in relations.items():
        ends = [_surface(aligned.slots[slot].mentions[name][:2], aligned) for slot in (head, tail)]
        arrow = "↔" if label in aligned.schema.symmetric else "→"
        yield " ".join([ends[0], label, *_assignments(attributes), arrow, ends[1]])


def _carried_relations(slot: int, name: str, aligned: AlignedVersions) -> Iterator[str]:
    """Yield the relations that come with a mention because other annotators lack the mention."""
    for ends in related_slots(aligned):
        judges = aligned.judges(*ends)
        if slot in ends and name in judges and len(judges) < len(aligned.versions):
            given = agreed_relations(relations_between(aligned, each, ends) for each in judges)
            yield from (f"+ {each}" for each in _relations(given, name, aligned))


def _rules(question: Question, guide: Guide, language: Language) -> str:
    """Return the rules of a guide for a question in HTML, folded."""
    names, texts = [], []
    for name in _rule_names(question):
        text = guide.section(name) or guide.rules_about(name)
        if text:
            names.append(name)
            texts.append(_to_html(text))
    if not texts:
        return ""
    heading = f"{language.texts.adjudication.rules}{language.typography.colon}{', '.join(names)}"
    return f"<details><summary>{escape(heading)}</summary>{''.join(texts)}</details>"


def _rule_names(question: Question) -> list[str]:
    """Return the labels and values that a question is about."""
    names: list[str] = [] if question.aspect in (MENTION, RELATION) else [question.aspect]
    for version in question.versions.values():
        if isinstance(version, tuple):
            names += [version[0][2], *version[1]]
        elif isinstance(version, dict):
            names += [label for _, _, label in version]
            names += [name for attributes in version.values() for name in attributes]
    return list(dict.fromkeys(names))


def _to_html(text: str) -> str:
    """Return Markdown with lists, bold, italic and code as HTML."""
    html = escape(text, quote=False)
    for pattern, tag in ((_BOLD, "b"), (_ITALIC, "i"), (_CODE, "code")):
        html = re.sub(pattern, rf"<{tag}>\1</{tag}>", html)
    return "".join(f"<p style='margin: 2px 0'>{line}</p>" for line in html.splitlines() if line)
