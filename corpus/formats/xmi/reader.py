"""Read XMI: the mentions and relations of one view of each CAS."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.document_files import decode_id
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.xmi.archives import ARCHIVE_SUFFIX, XMI_SUFFIX, unpack
from aloi.corpus.formats.xmi.cassis_library import (
    FEATURE_NAMES,
    AnnotationType,
    Cas,
    FeatureStructure,
    import_cassis,
    translate_errors,
)
from aloi.corpus.formats.xmi.options import (
    ANNOTATION_TYPE,
    DOCUMENT_TYPE,
    HEAD_FEATURE,
    REF_FEATURE,
    TAIL_FEATURE,
    VALUE_FEATURE,
    ReadOptions,
)
from aloi.corpus.formats.xmi.type_systems import EXPORT_FIX, TypeSystems
from aloi.corpus.formats.xmi.xml_input import read_xml
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.streams import temporary_folder

_STRUCTURAL_FEATURES = {"begin", "end", "sofa", HEAD_FEATURE, TAIL_FEATURE}
"""The features that contain the span of an annotation, or the head and tail of a relation."""


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.xmi` and `.zip` files below a folder."""
    cassis = import_cassis()
    problems: list[Problem] = []
    ids = DocumentIds()
    top = path if path.is_dir() else path.parent
    type_systems = TypeSystems(cassis, top)
    for file in find_files(path, [XMI_SUFFIX, ARCHIVE_SUFFIX]):
        try:
            for id_, xmi, types in _xmi_files(file, top, type_systems):
                with translate_errors(EXPORT_FIX, str(file)):
                    type_system = types.load(xmi)
                    cas = cassis.load_cas_from_xmi(io.BytesIO(read_xml(xmi)), type_system)
                    document = CasReader(cas, options, notes, str(file)).document(id_)
                duplicates = ids.add(id_, str(file))
                problems += [problem.at(file=str(file)) for problem in duplicates]
                if not duplicates:
                    yield document
        except DataError as error:
            problems += [problem.at(file=str(file)) for problem in error.problems]
    if problems:
        raise DataError(dict.fromkeys(problems))  # type system problems repeat for each document


def _xmi_files(
    file: Path, top: Path, type_systems: TypeSystems
) -> Iterator[tuple[str, Path, TypeSystems]]:
    """Yield the document id, the XMI file and the type systems of each CAS in a file.

    An archive is unpacked to a temporary folder. The document id is the path relative to `top`; if
    an archive contains several CASes, the name of each is added.
    """
    name = decode_id(file.relative_to(top).with_suffix("").as_posix())
    if file.suffix.lower() != ARCHIVE_SUFFIX:
        yield name, file, type_systems
        return
    with temporary_folder() as folder:
        files = unpack(file, folder)
        for xmi in files:
            id_ = name if len(files) == 1 else f"{name}/{xmi.stem}"
            yield id_, xmi, TypeSystems(type_systems.cassis, folder)


class CasReader:
    """A reader for the mentions and relations in one view of a CAS.

    The view is the initial view if it has a text, otherwise the first view with a text.
    """

    def __init__(self, cas: Cas, options: ReadOptions, notes: Notes, file: str) -> None:
        views = [sofa.sofaID for sofa in cas.sofas if sofa.sofaString is not None]
        if not views:
            fix = "Export the document with its text, not with a link to the text"
            raise DataError([Problem("text-missing", "no view contains a text", fix)])
        self._cas = cas.get_view("_InitialView" if "_InitialView" in views else views[0])
        self._types = self._cas.typesystem
        self._options = options
        self._notes = notes
        self._file = file
        self._note("views left out", len(views) - 1)

    def _note(self, what: str, count: int = 1) -> None:
        self._notes.add(what, self._file, count)

    def document(self, id_: str) -> Document:
        """Return the document; raise `DataError` if the options or the annotations are invalid."""
        type_ = self._mention_type()
        mentions = {fs.xmiID: fs for fs in self._cas.select(type_)}
        nonempty = [fs for fs in mentions.values() if fs.begin != fs.end]
        self._note("empty mentions left out", len(mentions) - len(nonempty))
        feature = self._options.feature or self._label_feature(type_)
        labelled = [(fs, *self._label_and_features(fs, feature)) for fs in nonempty]
        labelled.sort(key=lambda item: (item[0].begin, -item[0].end, item[1], item[0].xmiID))
        ids = {fs.xmiID: f"e{number}" for number, (fs, *_) in enumerate(labelled, start=1)}
        entities = tuple(
            Entity(
                id=ids[fs.xmiID],
                start=fs.begin,
                end=fs.end,
                label=label,
                ref=features.pop(REF_FEATURE, None),
                attributes=features,
            )
            for fs, label, features in labelled
        )
        others = [fs for fs in self._cas.select_all_annotations() if fs.xmiID not in mentions]
        return Document(id_, self._cas.sofa_string, entities, tuple(self._relations(others, ids)))

    def _mention_type(self) -> AnnotationType:
        """Return the mention type; raise `DataError` if the type or feature does not exist."""
        name, feature = self._options.layer, self._options.feature
        types = [t for t in self._types.get_types() if self._is_a(t, ANNOTATION_TYPE)]
        matching = [type_ for type_ in types if name in (type_.name, type_.short_name)]
        if len(matching) != 1:
            what = f"expected one annotation type named {name}, found {len(matching)}"
            listed = ", ".join(sorted(type_.name for type_ in types))
            raise DataError([Problem("bad-type", what, f"Set layer= to one of: {listed}")])
        features = [_feature_name(feature.name) for feature in matching[0].all_features]
        if feature and feature not in features:
            what = f"the type {matching[0].name} has no feature {feature}"
            fix = f"Set feature= to one of: {', '.join(features)}"
            raise DataError([Problem("bad-type", what, fix)])
        return matching[0]

    def _is_a(self, type_: AnnotationType, ancestor: str) -> bool:
        return bool(self._types.is_instance_of(type_, ancestor))

    def _relations(
        self, others: Iterable[FeatureStructure], ids: Mapping[int, str]
    ) -> Iterator[Relation]:
        """Yield a relation for each annotation that connects two mentions.

        `ids` maps the `xmiID` of each mention to the mention id in the document.
        """
        for fs in others:
            if not (fs.type.get_feature(HEAD_FEATURE) and fs.type.get_feature(TAIL_FEATURE)):
                is_document = self._is_a(fs.type, DOCUMENT_TYPE)
                self._note(f"annotations {fs.type.name} left out", not is_document)
                continue
            ends = (fs[HEAD_FEATURE], fs[TAIL_FEATURE])
            head, tail = (ids.get(end.xmiID) if end else None for end in ends)
            if head and tail:
                feature = self._label_feature(fs.type)
                label, features = self._label_and_features(fs, feature)
                yield Relation(head=head, tail=tail, label=label, attributes=features)
            else:
                self._note("relations between other annotations left out")

    def _label_feature(self, type_: AnnotationType) -> str:
        """Return the default feature for the labels of a type."""
        names = [
            _feature_name(feature.name)
            for feature in type_.all_features
            if self._types.is_primitive(feature.rangeType)
            and feature.name not in ("begin", "end", REF_FEATURE)
        ]
        return VALUE_FEATURE if VALUE_FEATURE in names or not names else names[0]

    def _label_and_features(
        self, fs: FeatureStructure, label_feature: str
    ) -> tuple[str, dict[str, str]]:
        """Return the label of an annotation and its other primitive features."""
        features: dict[str, str] = {}
        for feature in fs.type.all_features:
            value = getattr(fs, feature.name)
            if value is None or feature.name in _STRUCTURAL_FEATURES:
                continue
            if self._types.is_primitive(feature.rangeType):
                features[_feature_name(feature.name)] = _format_primitive(value)
            else:
                self._note("links to other annotations left out")
        label = features.pop(label_feature, None)
        self._note("annotations without a label", label is None)
        return fs.type.short_name if label is None else label, features


def _feature_name(cassis_name: str) -> str:
    return FEATURE_NAMES.get(cassis_name, cassis_name)


def _format_primitive(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
