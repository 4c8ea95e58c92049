"""The file `annotation.conf`, which lists the types that brat may show and annotate in a folder.

Source: https://brat.nlplab.org/configuration.html.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from aloi.corpus.document import Document

CONFIGURATION_FILE = "annotation.conf"

BINARY_VALUE = "true"
"""The value of an attribute that has no value in brat."""

_TYPE_NAME = re.compile(r"\w[\w.\-/&]*")
_ENTITY, _RELATION = "<ENTITY>", "<RELATION>"


@dataclass(slots=True)
class Configuration:
    """The labels, relations and attributes of the documents that were written so far."""

    entities: set[str] = field(default_factory=set)
    relations: defaultdict[str, tuple[set[str], set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: (set(), set()))
    )
    attributes: defaultdict[tuple[str, str], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def add(self, document: Document) -> None:
        """Add the types of a document."""
        labels = {entity.id: entity.label for entity in document.entities}
        self.entities.update(labels.values())
        for relation in document.relations:
            heads, tails = self.relations[relation.label]
            heads.add(labels[relation.head])
            tails.add(labels[relation.tail])

    def add_attribute(self, name: str, value: str, *, of_relation: bool) -> None:
        """Add an attribute that was written as an `A` line."""
        self.attributes[name, _RELATION if of_relation else _ENTITY].add(value)

    def unlisted(self) -> list[str]:
        """Return the labels and attribute names that the file cannot contain."""
        names = {*self.entities, *self.relations, *(name for name, _ in self.attributes)}
        return sorted(name for name in names if not _TYPE_NAME.fullmatch(name))

    def render(self) -> str:
        """Return the content of the file."""
        sections = {
            "entities": _valid(self.entities),
            "relations": [
                f"{label}\tArg1:{'|'.join(_valid(heads))}, Arg2:{'|'.join(_valid(tails))}"
                for label, (heads, tails) in sorted(self.relations.items())
                if _TYPE_NAME.fullmatch(label) and _valid(heads) and _valid(tails)
            ],
            "events": [],
            "attributes": [
                f"{name}\tArg:{target}{_value_list(values)}"
                for (name, target), values in sorted(self.attributes.items())
                if _TYPE_NAME.fullmatch(name)
            ],
        }
        blocks = ("\n".join([f"[{name}]", *lines, ""]) for name, lines in sections.items())
        return "\n".join(blocks)


def _valid(names: set[str]) -> list[str]:
    return sorted(filter(_TYPE_NAME.fullmatch, names))


def _value_list(values: set[str]) -> str:
    valid = _valid(values)
    return f", Value:{'|'.join(valid)}" if valid and values != {BINARY_VALUE} else ""
