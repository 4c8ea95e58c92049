"""WebAnno TSV 3: one token per line, the format that INCEpTION and WebAnno import and export.

Source: https://webanno.github.io/webanno/releases/3.4.5/docs/user-guide.html#sect_webannotsv. One
file is one document. The document id is the path relative to the folder, without `.tsv`. Offsets
count UTF-16 units. The reader takes the text from the `#Text=` lines. The format does not record
the characters between two sentences; like INCEpTION, the reader fills such a gap with a line end
followed by spaces.

The reader accepts versions 3.0 to 3.3. Mentions come from one span layer. Relations come from the
relation layers based on that span layer; relations point from the governor to the dependent. The
feature `identifier` becomes the `ref`; all other features become attributes. An annotation without
a label gets the short name of its layer. All other layers, chains, slot features, empty mentions
and the relations of empty mentions are left out and counted. In a stack of annotations with
numbers, the values of the columns are matched by number; a missing value means that the feature is
not set. The tokens are kept in the metadata (`tokens`), without sub-tokens and white space.

The writer produces version 3.3 with its own layers and the tokens of the source, if there are any;
attributes become features. A project that
imports the files must define these layers and features. A sentence includes the white space that
follows. If a mention begins or ends in white space, this white space is a token. If a mention
covers only a part of a token, this part is a sub-token. Therefore, the reader restores text and
mentions exactly. The format does not represent ids, scores or metadata. The writer raises
`DataError` for document ids that are too long for a file name (other ids are percent-encoded where
file names require it, and decoded when read), attribute names that are not valid
feature names, and carriage returns in labels, refs or attributes.

Read options:

- `layer`: the full name of the span layer, or its last part (default: the first span layer that is
  not linguistic; part of speech and lemma, for example, are linguistic)
- `feature`: the feature that contains the label (default: `value` if the layer declares this
  feature, otherwise the first feature except `identifier`)
- `comments`: the treatment of lines in the header that begin with `#` but declare no layer, such as
  `#Summary1=` in GUM: error (default), as in INCEpTION, or skip (they are counted)

Write options:

- `layer`: the name of the span layer (default: `webanno.custom.Mention`)
- `relations`: the name of the relation layer (default: `webanno.custom.Relation`)
"""

from aloi.corpus.formats.webanno.options import CAPABILITIES, ReadOptions, WriteOptions
from aloi.corpus.formats.webanno.reader import read
from aloi.corpus.formats.webanno.writer import write

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
