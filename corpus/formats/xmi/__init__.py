"""UIMA CAS in XMI: one `.xmi` file per document, with a `TypeSystem.xml` that defines its types.

Source: https://uima.apache.org/d/uimaj-current/references.html. Files are read and written with
dkpro-cassis (extra `formats`). The id of a document is its path below the folder, without `.xmi`.
The type system is in the folder of the file or in a folder above it, up to the folder given.
Offsets in the file count UTF-16 units.

Mentions are the annotations of one type and of the types derived from it: `value` is the label,
`identifier` the `ref`, other primitive features are attributes. Relations are annotations with a
`Governor` and a `Dependent` that are mentions; they point from the governor to the dependent, and
their label is `value`, or else their first primitive feature. An annotation without a label gets
the short name of its type. Other annotations, empty mentions, links and further views are left out
and counted.

The reader rejects files with a `DOCTYPE`, which a CAS does not need and which can make a small file
expand without limit, and texts of more than 10 MB, the limit of libxml2.

The writer uses DKPro Core's `NamedEntity` and its own relation type; attributes become features.
The format does not represent ids, scores or metadata. A document id that cannot be a file name, an
attribute that cannot be a feature name, and a character that XML 1.0 does not allow are a
`DataError`.

Read options:

- `layer`: the full name of the mention type, or its last part (default: `NamedEntity`)
- `feature`: the feature used as label (default: `value` if the type has it, else the first feature)

Write options:

- `layer`: the name of the mention type (default: DKPro Core's `NamedEntity`)
- `relations`: the name of the relation type (default: `aloi.Relation`)
"""

from aloi.corpus.formats.xmi.options import CAPABILITIES, ReadOptions, WriteOptions
from aloi.corpus.formats.xmi.reader import read
from aloi.corpus.formats.xmi.writer import write

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
