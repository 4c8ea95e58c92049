"""corefud: CoNLL-U with mentions and coreference in `Entity=`, as in CorefUD and GUM.

Source: https://ufal.mff.cuni.cz/corefud (the format of CorefUD 1.0). In the column MISC, `Entity=`
contains an opening bracket for each mention that begins at the word, such as `(e1-person-1`, and a
closing bracket for each mention that ends there, such as `e1)`. `# global.Entity = …` names the
fields of an opening bracket. The text, documents and metadata are those of the format `conllu`.

The label of a mention is the field `etype`. The `ref` is the field `identity`; without it, mentions
with the same entity id get the ref `DOCUMENT#ID`, and an entity with one mention has no ref. The
ids are in the field `eid` or `GRP`. A mention that begins or ends inside a multiword token covers
the whole token, unless the words of the token are the pieces of its form. Mentions are numbered e1,
e2 … in text order.

The reader counts: analyses of words, empty nodes and mentions on them, parts of discontinuous
mentions (a mention is read from its first to its last word), mentions without a type (their label
is `mention`), and links between entities (`Bridge=`, `SplitAnte=`).

The format represents overlapping mentions with labels, refs, any text with at least one word, and
metadata with one-line values. Labels and refs are percent-encoded where they contain white space,
brackets or one of `-|=,%`. The writer puts the mentions with the same ref and label into one
entity, unless they cross or have the same span. `head` is always 1, because the format requires a
number and the documents do not contain it.

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
"""

from aloi.corpus.formats import conllu
from aloi.corpus.formats.corefud.reader import read
from aloi.corpus.formats.corefud.writer import write
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import TokenWriteOptions

CAPABILITIES = Capabilities(
    entity_ids=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    tokens=True,
    meta=False,
    meta_lines=conllu.CAPABILITIES.meta_lines,
)
ReadOptions = Options
WriteOptions = TokenWriteOptions

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
