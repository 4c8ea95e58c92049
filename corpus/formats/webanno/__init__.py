"""WebAnno TSV 3: one token per line, the format that INCEpTION and WebAnno import and export.

Source: https://webanno.github.io/webanno/releases/3.4.5/docs/user-guide.html#sect_webannotsv. One
file is one document. Its id is the path below the folder, without `.tsv`. Offsets count UTF-16
units. The text is taken from the `#Text=` lines. The format does not record the characters between
two sentences; as in INCEpTION, they are read as a line end followed by spaces.

The reader accepts versions 3.0 to 3.3. Mentions come from one span layer. Relations come from the
relation layers based on that span layer; they point from the governor to the dependent. The feature
`identifier` becomes the `ref`, other features become attributes. An annotation without a label gets
the short name of its layer. Other layers, chains, slot features, and empty mentions with their
relations are left out and counted.

The writer produces version 3.3 with its own layers; attributes become features. A project that
imports the files must define the layers and features they use. A sentence includes the white space
after it. White space is written as a token if a mention begins or ends in it, and a mention of a
part of a token is written on a sub-token, so text and mentions are restored exactly. The format
does not represent ids, scores or metadata. A document id that cannot be a file name, an attribute
that cannot be a feature name, and a carriage return in a label, ref or attribute are a `DataError`.

Read options:

- `layer`: the full name of the span layer, or its last part (default: the first layer that is not
  linguistic, such as part of speech or lemma)
- `feature`: the feature used as label (default: `value` if the layer has it, else the first feature
  other than `identifier`)

Write options:

- `layer`: the name of the span layer (default: `webanno.custom.Mention`)
- `relations`: the name of the relation layer (default: `webanno.custom.Relation`)
"""

from aloi.corpus.formats.webanno.options import CAPABILITIES, ReadOptions, WriteOptions
from aloi.corpus.formats.webanno.reader import read
from aloi.corpus.formats.webanno.writer import write

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
