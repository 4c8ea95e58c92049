"""The prompt: instructions with the schema and the guide's rules, examples, and the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

from aloi.corpus.document import Document
from aloi.corpus.formats import inline
from aloi.corpus.guides import Guide
from aloi.corpus.languages.interface_texts import PromptTexts
from aloi.corpus.languages.language import LANGUAGE_KEY, language_codes, load_language
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema
from aloi.models.llm.answer_store import request_key
from aloi.models.llm.endpoint import Message

LANGUAGES = language_codes()
"""The languages of the instructions; texts in other languages get English instructions."""

_TEMPLATES = files("aloi.models.llm") / "templates"

_GUIDE_SECTION = re.compile(r"^## ", re.MULTILINE)
_GUIDE_RULE = re.compile(r"^[-*] \*\*[A-Z]+\d", re.MULTILINE)
_TABLE = re.compile(r"<!-- schema:\w+ -->.*?<!-- /schema -->\n?", re.DOTALL)


def prompt_language(schema: Schema, meta: Mapping[str, Any]) -> str:
    """Return the language in which a model is asked about a document with these metadata.

    Without `lang` in the metadata, it is French if all types of the schema are described in French,
    otherwise English.
    """
    described = all("fr" in type_.descriptions for type_ in schema.entities.values())
    stated = str(meta.get(LANGUAGE_KEY) or ("fr" if described else "en"))[:2].lower()
    return stated if stated in LANGUAGES else "en"


@dataclass(frozen=True)
class Prompt:
    """The instructions for a schema and, optionally, a guide."""

    schema: Schema
    guide: Guide | None = None

    def language(self, meta: Mapping[str, Any]) -> str:
        """Return the language of the instructions for a document with these metadata."""
        return prompt_language(self.schema, meta)

    @cached_property
    def systems(self) -> dict[str, str]:
        """The system message by language."""
        return {language: self._system(language) for language in LANGUAGES}

    @property
    def sha256(self) -> str:
        """The SHA-256 of the system messages."""
        return request_key(self.systems)

    def _system(self, language: str) -> str:
        template = (_TEMPLATES / f"prompt.{language}.md").read_text(encoding="utf-8")
        entities = "\n".join(_entity_lines(self.schema, language))
        relations = "\n".join(_relation_lines(self.schema, language)) or _texts(language).nothing
        system = template.replace("{entities}", entities).replace("{relations}", relations)
        if self.guide is not None:
            system += f"\n{_texts(language).rules}\n\n{guide_rules(self.guide)}\n"
        return system

    def messages(self, text: str, shots: Sequence[Document], language: str) -> list[Message]:
        """Return the messages that ask for the annotation of a text, after solved examples."""
        messages = [{"role": "system", "content": self.systems[language]}]
        for shot in shots:
            marked, relations = inline.render_marked(shot)
            solved = "\n".join((inline.FENCE, marked, inline.FENCE, relations + inline.FENCE))
            messages.append({"role": "user", "content": _question(shot.text)})
            messages.append({"role": "assistant", "content": solved})
        return [*messages, {"role": "user", "content": _question(text)}]

    def marker(self, language: str) -> str:
        """Return the first line of the instructions, by which a repeated prompt is recognised."""
        return self.systems[language].partition("\n")[0]


def repair_message(reason: str, language: str) -> Message:
    """Return the message that asks for a better answer."""
    return {"role": "user", "content": _texts(language).repair.format(reason=reason)}


def guide_rules(guide: Guide) -> str:
    """Return the sections of a guide that contain numbered rules; without any, the whole guide.

    The tables that are generated from the schema are left out, because the prompt contains it.
    """
    text = _TABLE.sub("", guide.text)
    sections = [f"## {section}" for section in _GUIDE_SECTION.split(text)[1:]]
    return "\n".join(s.strip() for s in sections if _GUIDE_RULE.search(s)) or text


def _texts(language: str) -> PromptTexts:
    return load_language(language).texts.prompt


def _question(text: str) -> str:
    marked, _ = inline.render_marked(Document("text", text, ()))
    return f"{inline.FENCE}\n{marked}\n{inline.FENCE}"


def _describe(type_: EntityType | RelationType | AttributeType, language: str) -> str:
    described = type_.describe(language)
    return f": {described}" if described else ""


def _entity_lines(schema: Schema, language: str) -> Iterator[str]:
    for label, type_ in schema.entities.items():
        yield f"- {label}{_describe(type_, language)}"
    yield from _attribute_lines(schema.entity_attributes, language)


def _relation_lines(schema: Schema, language: str) -> Iterator[str]:
    for label, type_ in schema.relations.items():
        ends = f"{' | '.join(type_.head)} → {' | '.join(type_.tail)}"
        symmetric = f", {_texts(language).symmetric}" if type_.symmetric else ""
        yield f"- {label} ({ends}{symmetric}){_describe(type_, language)}"
    yield from _attribute_lines(schema.relation_attributes, language)


def _attribute_lines(types: Mapping[str, AttributeType], language: str) -> Iterator[str]:
    for name, type_ in types.items():
        values = " | ".join(type_.values) or "…"
        labels = f" ({', '.join(type_.labels)})" if type_.labels else ""
        yield f"- {name}={values}{labels}{_describe(type_, language)}"
