"""UIMA CAS JSON 0.4: one `.json` file per document, with the types in the file.

Source: https://github.com/apache/uima-uimaj-io-jsoncas (the format that INCEpTION recommends for
exchange). Files are read and written with dkpro-cassis (extra `formats`). The document id is the
path relative to the folder, without `.json`. Offsets in the file count UTF-16 units.

Mentions, relations, options and capabilities are those of the format `xmi`: mentions are the
annotations of one type, and relations are annotations with mentions in the features `Governor` and
`Dependent`. Unlike XML, JSON allows every character except lone surrogates.

Read options:

- `layer`: the full name of the mention type, or its last part (default: `NamedEntity`)
- `feature`: the feature that contains the label (default: `value` if the type defines this feature,
  otherwise the first primitive feature except `identifier`)

Write options:

- `layer`: the name of the mention type (default: DKPro Core's `NamedEntity`)
- `relations`: the name of the relation type (default: `aloi.Relation`)
"""

from aloi.corpus.formats.casjson.reader import read
from aloi.corpus.formats.casjson.writer import write
from aloi.corpus.formats.xmi.options import CAPABILITIES, ReadOptions, WriteOptions

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
