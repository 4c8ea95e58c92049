"""UIMA CAS in XMI: one `.xmi` file per document, and a `TypeSystem.xml` that defines the types.

Source: https://uima.apache.org/d/uimaj-current/references.html. Files are read and written with
dkpro-cassis (extra `formats`). The document id is the path relative to the folder, without `.xmi`.
The reader looks for the type system (`TypeSystem.xml` or `typesystem.xml`) in the folder of the
file and in its parent folders, up to the input folder. It also reads ZIP archives with an `.xmi`
file and its type system, as INCEpTION exports them. Offsets in the file count UTF-16 units.

Mentions are the annotations of one type and of the types derived from it. The feature `value` is
the label, `identifier` is the `ref`, and all other primitive features are attributes. Relations are
annotations with mentions in the features `Governor` and `Dependent`; relations point from the
governor to the dependent. The label of a relation is `value`, or the first primitive feature if the
type has no `value`. An annotation without a label gets the short name of its type. All other
annotations, empty mentions, links to annotations and additional views are left out and counted.

The reader rejects files with a `DOCTYPE`: a CAS needs no `DOCTYPE`, and a `DOCTYPE` can make a
small file expand without limit. The reader also rejects texts of more than 10 MB, the limit of
libxml2.

The writer uses DKPro Core's `NamedEntity` and its own relation type; attributes become features.
The format does not represent ids, scores or metadata. The writer raises `DataError` for document
ids that are too long for a file name (other ids are percent-encoded where file names require it,
and decoded when read), attribute names that are not valid feature names, and characters that XML
1.0 does not allow.

Read options:

- `layer`: the full name of the mention type, or its last part (default: `NamedEntity`)
- `feature`: the feature that contains the label (default: `value` if the type defines this feature,
  otherwise the first primitive feature except `identifier`)

Write options:

- `layer`: the name of the mention type (default: DKPro Core's `NamedEntity`)
- `relations`: the name of the relation type (default: `aloi.Relation`)
"""

from aloi.corpus.formats.xmi.options import CAPABILITIES, ReadOptions, WriteOptions
from aloi.corpus.formats.xmi.reader import read
from aloi.corpus.formats.xmi.writer import write

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
