"""UIMA CAS in XMI: a document is one `.xmi`, beside it the `TypeSystem.xml` that says its types.

Source: https://uima.apache.org/d/uimaj-current/references.html, read and written by
dkpro-cassis (extra `formats`). An id is the path below the folder, without `.xmi`; the type system
stands in the file's folder or one above it, up to the folder given. Offsets count UTF-16 units in
the file.

Read are the annotations of one type and of those derived from it as mentions: `value` is the
label, `identifier` the `ref`, other plain features are attributes. Annotations with a `Governor`
and a `Dependent` that are mentions are relations from the one to the other, labelled by `value`,
or else by their first plain feature. What has no value is labelled by its type's short name. Other
annotations, mentions of no character, links and further views are left out and counted.

Written are DKPro Core's `NamedEntity` and a relation type of our own, attributes as features. Lost
are ids, scores and metadata. Ids that cannot be file names, attributes that cannot be names of
features, and characters that XML 1.0 does not have are a `DataError`. So are, in reading, any
`DOCTYPE`, which no CAS needs and which can make a small file expand without end, and a text of
more than 10 MB, where libxml2 stops.

Reading options: `layer`, the mentions' type or the last part of its name (default `NamedEntity`),
and `feature`, which of its features is the label (default: `value` if it has that, else the first).
Writing options: `layer` and `relations`, the names of the types (default DKPro Core's, and
`aloi.Relation`).
"""

from __future__ import annotations

import io
import keyword
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.files import atomic_folder
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.names import LayerName, Names
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = Capabilities(
    entity_ids=False,
    entity_scores=False,
    relation_ids=False,
    relation_scores=False,
    meta=False,
)
TYPES = "TypeSystem.xml"
HEAVIEST = 10**8
"""The weight of the largest type system that is read; DKPro Core's weighs 20 thousand."""
VALUE, REF, HEAD, TAIL = "value", "identifier", "Governor", "Dependent"
ANNOTATION, STRING = "uima.tcas.Annotation", "uima.cas.String"
DOCUMENT = "uima.tcas.DocumentAnnotation"
NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"

_AGAIN = f"Export it again, with its {TYPES}"
_OTHERWISE = "Name other types with layer= and relations="
_LEGAL = "\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_ILLEGAL = re.compile(f"[^{_LEGAL}]")
_FEATURE = re.compile(r"[A-Za-z]\w*", re.ASCII)
_ENCODINGS = {"UTF-8", "UTF-16", "US-ASCII"}
_RENAMED = {"self_": "self", "type_": "type"}
"""How cassis calls features whose names Python needs itself."""
_TAKEN = {VALUE, REF, HEAD, TAIL, "begin", "end", "sofa", "xmiID", "get", "set", "id"}
_TAKEN |= {"get_covered_text", "elements", "head", "tail", *_RENAMED}


class ReadOptions(Options, frozen=True):
    """Which type the mentions have, and which of its features their labels."""

    layer: str = "NamedEntity"
    feature: str = ""


class WriteOptions(Options, frozen=True):
    """The names of the types."""

    layer: LayerName = NAMED_ENTITY
    relations: LayerName = "aloi.Relation"


def _cassis() -> Any:  # noqa: ANN401 - cassis has no types
    try:
        return import_module("cassis")
    except ImportError as error:
        fix = 'Install it: pip install "aloi[formats]"'
        problem = Problem("missing-package", "the format xmi needs dkpro-cassis", fix)
        raise DataError([problem]) from error


@contextmanager
def _careful(fix: str, file: str | None = None) -> Iterator[None]:
    """Make what cassis raises and warns of on broken data a `DataError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="Not mapping")  # an offset outside the text
            yield
    except DataError as error:
        raise DataError(problem.at(file=file) for problem in error.problems) from error
    except Exception as error:  # cassis raises whatever it meets
        what = f"no CAS that cassis can handle: {type(error).__name__}: {error}"[:300]
        raise DataError([Problem("bad-xmi", what, fix, file=file)]) from error


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.xmi` files below a folder."""
    cassis = _cassis()
    problems: list[Problem] = []
    systems: dict[Path, Any] = {}
    top = path if path.is_dir() else path.parent
    for file in sorted(path.rglob("*.xmi")) if path.is_dir() else [path]:
        try:
            with _careful(_AGAIN, str(file)):
                types = _type_system_beside(file, top)
                if types not in systems:
                    systems[types] = _type_system(cassis, types)
                stream = io.BytesIO(_scanned(file))
                cas = cassis.load_cas_from_xmi(stream, systems[types])
                name = file.relative_to(top).as_posix().removesuffix(".xmi")
                document = _Cas(cas, options, notes, str(file)).document(name)
            yield document
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(dict.fromkeys(problems))  # a type system's are met with each document


def _type_system_beside(file: Path, top: Path) -> Path:
    """The nearest type system, from the file's folder up to `top`."""
    for folder in file.parents:
        if (folder / TYPES).is_file():
            return folder / TYPES
        if folder == top:
            break
    what, fix = f"no {TYPES} beside it", "Put there the one that was exported with it"
    raise DataError([Problem("types-missing", what, fix)])


def _type_system(cassis: Any, file: Path) -> Any:  # noqa: ANN401 - cassis has no types
    """The types of a file. Names of features become code in cassis, so they are looked at first."""
    with _careful(_AGAIN, str(file)):
        content = _scanned(file)
        if (weight := _weight(content)) > HEAVIEST:
            what, fix = f"too many features: weight {weight}, at most {HEAVIEST}", "Split its types"
            raise DataError([Problem("bad-feature", what, fix)])
        types = cassis.load_typesystem(io.BytesIO(content))
        named = {
            feature.name: type_.name for type_ in types.get_types() for feature in type_.features
        }
        problems = [
            Problem("bad-feature", f"the feature {name!r} of {type_}", "Rename it: a plain word")
            for name, type_ in named.items()
            if not name.isidentifier() or keyword.iskeyword(name)
        ]
        if problems:
            raise DataError(problems)
        return types


def _weight(content: bytes) -> int:
    """How much work a type system is: the cube of the features each type has, own and inherited.

    For every feature cassis compares all with all others; ten million take a second.
    """
    own: dict[str, int] = {}
    above: dict[str, str] = {}
    for described in ElementTree.fromstring(content).findall(".//{*}typeDescription"):
        name = (described.findtext("{*}name") or "").strip()
        own[name] = len(described.findall("{*}features/{*}featureDescription"))
        above[name] = (described.findtext("{*}supertypeName") or "").strip()
    total: dict[str, int] = {}
    for lowest in own:
        chain, name = [], lowest
        while name in own and name not in total:
            total[name] = 0  # where types are derived in a circle, it ends here
            chain.append(name)
            name = above[name]
        number = total.get(name, 0)
        for derived in reversed(chain):
            total[derived] = number = number + own[derived]
    return sum(number**3 for number in total.values())


class _RefusedError(Exception):
    """Something in an XML file that no CAS needs."""


def _scanned(file: Path) -> bytes:
    """The content of an XML file; `DataError` for any that is broken, or has a `DOCTYPE`.

    Without one no entity can be declared: none expands, none is fetched. Encodings that another
    parser might take otherwise are refused as well.
    """

    def declared(version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.upper() not in _ENCODINGS:
            raise _RefusedError(f"the encoding {encoding!r}", "Save it as UTF-8")

    def doctype(*_: object) -> None:
        raise _RefusedError("a DOCTYPE", "Remove it; a CAS has none")

    content = file.read_bytes()
    parser = expat.ParserCreate()
    parser.XmlDeclHandler = declared
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except _RefusedError as error:
        what, fix = error.args
        line = parser.CurrentLineNumber
        raise DataError([Problem("refused-xml", what, fix, line=line)]) from error
    except expat.ExpatError as error:
        what, fix = f"no well-formed XML: {error}", "Export it again"
        raise DataError([Problem("bad-xml", what, fix, line=error.lineno)]) from error
    return content


class _Cas:
    """A CAS that was read: its one view with a text, and the mentions there."""

    def __init__(self, cas: Any, options: ReadOptions, notes: Notes, file: str) -> None:  # noqa: ANN401
        texts = [sofa.sofaID for sofa in cas.sofas if sofa.sofaString is not None]
        if not texts:
            fix = "Export the text with it, not a link to it"
            raise DataError([Problem("text-missing", "no view with a text", fix)])
        self.cas = cas.get_view("_InitialView" if "_InitialView" in texts else texts[0])
        self.options = options
        self.notes = notes
        self.file = file
        self.noted("views left out", len(texts) - 1)

    def noted(self, what: str, number: int = 1) -> None:
        self.notes.add(what, self.file, number)

    def document(self, id_: str) -> Document:
        """The document; raises `DataError` where mentions have no place in the text."""
        mentions, feature = self.mentions()
        wide = [fs for fs in mentions.values() if fs.begin != fs.end]  # others mark mere places
        self.noted("mentions of no character left out", len(mentions) - len(wide))
        found = [(fs, *self.labelled(fs, feature)) for fs in wide]
        found.sort(key=lambda item: (item[0].begin, -item[0].end, item[1], item[0].xmiID))
        names: dict[int, str] = {}
        entities = []
        for fs, label, values in found:
            names[fs.xmiID] = name = f"e{len(names) + 1}"
            entities.append(Entity(name, fs.begin, fs.end, label, values.pop(REF, None), values))
        others = [fs for fs in self.cas.select_all_annotations() if fs.xmiID not in mentions]
        relations = tuple(self.relations(others, names))
        return Document(id_, self.cas.sofa_string, tuple(entities), relations)

    def mentions(self) -> tuple[dict[int, Any], str]:
        """The annotations of the type that the options name, by their ids; the label's feature."""
        wanted, feature = self.options.layer, self.options.feature
        types = self.cas.typesystem
        known = [type_ for type_ in types.get_types() if types.is_instance_of(type_, ANNOTATION)]
        meant = [type_ for type_ in known if wanted in (type_.name, type_.short_name)]
        if len(meant) != 1:
            what = f"{len(meant)} types of annotations are called {wanted}"
            fix = "Name one with layer=: " + ", ".join(type_.name for type_ in known[:20])
            raise DataError([Problem("bad-type", what, fix)])
        features = [_RENAMED.get(feature.name, feature.name) for feature in meant[0].all_features]
        if feature and feature not in features:
            what = f"the type {meant[0].name} has no feature {feature}"
            fix = f"Name one with feature=: {', '.join(features)}"
            raise DataError([Problem("bad-type", what, fix)])
        found = {fs.xmiID: fs for fs in self.cas.select(meant[0])}
        return found, feature or self.label_feature(meant[0])

    def relations(self, others: list[Any], names: dict[int, str]) -> Iterator[Relation]:
        """What leads from one mention to another."""
        for fs in others:
            if not (fs.type.get_feature(HEAD) and fs.type.get_feature(TAIL)):
                about_text = self.cas.typesystem.is_instance_of(fs.type, DOCUMENT)
                self.noted(f"annotations {fs.type.name} left out", not about_text)
                continue
            head, tail = (names.get(end.xmiID) if end else None for end in (fs[HEAD], fs[TAIL]))
            if head and tail:
                label, values = self.labelled(fs, self.label_feature(fs.type))
                yield Relation(head, tail, label, attributes=values)
            else:
                self.noted("relations between other annotations left out")

    def label_feature(self, type_: Any) -> str:  # noqa: ANN401
        """Which feature of a type is its label, where the options do not say it."""
        plain = [
            _RENAMED.get(feature.name, feature.name)
            for feature in type_.all_features
            if self.cas.typesystem.is_primitive(feature.rangeType)
            and feature.name not in ("begin", "end", REF)
        ]
        return VALUE if VALUE in plain or not plain else plain[0]

    def labelled(self, fs: Any, feature: str) -> tuple[str, dict[str, str]]:  # noqa: ANN401
        """The label of an annotation, and what else it has."""
        values: dict[str, str] = {}
        for known in fs.type.all_features:
            value = getattr(fs, known.name)
            if value is None or known.name in ("begin", "end", "sofa", HEAD, TAIL):
                continue
            if self.cas.typesystem.is_primitive(known.rangeType):
                values[_RENAMED.get(known.name, known.name)] = _plain(value)
            else:
                self.noted("links to other annotations left out")
        label = values.pop(feature, None)
        self.noted("annotations without a value", label is None)
        return fs.type.short_name if label is None else label, values


def _plain(value: Any) -> str:  # noqa: ANN401 - a value of any primitive type
    return str(value).lower() if isinstance(value, bool) else str(value)


def write(
    documents: Iterable[Document],
    path: Path,
    options: WriteOptions,
    notes: Notes,
) -> int:
    """Write a folder with one file a document, and their type system."""
    cassis = _cassis()
    names = Names(re.compile(f"[{_LEGAL}]*"), "XML 1.0 does not have one of its characters")
    features: tuple[set[str], set[str]] = (set(), set())
    with _careful(_OTHERWISE):
        types = _types(cassis, options, *features)
    count = 0
    with atomic_folder(path) as scratch:
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            fits = names.check(document)
            names.problems += _unwritable(document)
            if not fits or names.bad or names.problems:
                continue
            with _careful(_OTHERWISE):
                items = (document.entities, document.relations)
                new = [{n for item in given for n in item.attributes} for given in items]
                if any(given - known for given, known in zip(new, features, strict=True)):
                    features = (features[0] | new[0], features[1] | new[1])
                    types = _types(cassis, options, *features)
                file = Path(scratch, f"{document.id}.xmi")
                file.parent.mkdir(parents=True, exist_ok=True)
                _to_cas(cassis, document, types, options).to_xmi(file)
        names.settle()
        types.to_xml(scratch / TYPES)
    return count


def _unwritable(document: Document) -> Iterator[Problem]:
    """The characters that XML does not have, and names of attributes that no feature can have."""
    items: list[Entity | Relation] = [*document.entities, *document.relations]
    values: list[tuple[str | None, str, str]] = [(None, "the text", document.text)]
    for item in items:
        place = item.id if isinstance(item, Entity) else str(item)
        if isinstance(item, Entity) and item.ref is not None:
            values.append((place, "the ref", item.ref))
        for name, value in item.attributes.items():
            values.append((place, f"the attribute {name!r}", value))
            if not _FEATURE.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN:
                what = f"the attribute {name!r} cannot name a feature"
                fix = (
                    "Rename it: a letter, then letters, digits and _; no word of UIMA's or Python's"
                )
                yield Problem("bad-attribute", what, fix, document.id, place)
    for bearer, where, value in values:
        if illegal := _ILLEGAL.search(value):
            what = f"{where} has {illegal[0]!r} at {illegal.start()}, which XML 1.0 does not have"
            yield Problem("bad-character", what, "Remove it", document.id, bearer)


def _types(cassis: Any, options: WriteOptions, mentions: set[str], relations: set[str]) -> Any:  # noqa: ANN401
    """The type system: the two types with their features."""
    types = cassis.TypeSystem()
    mention = types.create_type(options.layer, ANNOTATION)
    for name in (VALUE, REF, *sorted(mentions)):
        types.create_feature(mention, name, STRING)
    relation = types.create_type(options.relations, ANNOTATION)
    for name in (HEAD, TAIL):
        types.create_feature(relation, name, mention)
    for name in (VALUE, *sorted(relations)):
        types.create_feature(relation, name, STRING)
    return types


def _to_cas(cassis: Any, document: Document, types: Any, options: WriteOptions) -> Any:  # noqa: ANN401
    """A document as a CAS; a relation covers its dependent, as DKPro Core has it."""
    cas = cassis.Cas(typesystem=types, sofa_string=document.text)
    mention, relation = types.get_type(options.layer), types.get_type(options.relations)
    made = {}
    # Twins are numbered when read in the order they are written: e2 before e10.
    for e in sorted(document.entities, key=lambda e: (e.start, -e.end, e.label, len(e.id), e.id)):
        values = {**_features(e.attributes), VALUE: e.label, REF: e.ref}
        made[e.id] = mention(begin=e.start, end=e.end, **values)
        cas.add(made[e.id])
    for r in document.relations:
        head, tail = made[r.head], made[r.tail]
        values = {**_features(r.attributes), VALUE: r.label, HEAD: head, TAIL: tail}
        cas.add(relation(begin=tail.begin, end=tail.end, **values))
    return cas


def _features(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Attributes by the names that cassis has for features."""
    names = {name: renamed for renamed, name in _RENAMED.items()}
    return {names.get(name, name): value for name, value in attributes.items()}
