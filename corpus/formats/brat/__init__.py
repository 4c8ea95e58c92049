"""brat standoff: a text file `NAME.txt` and its annotations, `NAME.ann`, beside it.

Source: https://brat.nlplab.org/standoff.html. A document is a `.txt` file with its `.ann` file. The
reader takes one such pair, or a folder with its subfolders; the id of a document is its path below
the folder, without suffix. Offsets count code points, including those of line ends.

Line types that are read:

- `T`: mentions;
- `R`: relations from the first argument to the second;
- `E`: one relation from the trigger to each argument, labelled with the argument's role;
- `A` and `M`: attributes ("true" if there is no value);
- `N`: `ref`, written `DB:ID`; other refs are percent-encoded, with `local` as the database;
- `*` (Equiv): one `ref` for all mentions of the line;
- `#`: `AnnotatorNotes` become an attribute of that name; notes of other types are left out and
  counted.

If the surface of a mention differs from the text at its offsets, the offsets are used, and the
difference is counted.

The format represents everything in a document. The writer puts data without a place in brat into
notes of the type `Aloi`: ids that brat does not allow, scores, metadata, attributes with white
space. Labels with white space and ids that cannot be file names are a `DataError`.

Read options:

- `fragments`: the treatment of discontinuous mentions: whole (default; the span from the first
  character to the last), first (the first fragment only), or error
"""

from aloi.corpus.formats.brat.reader import ReadOptions, read
from aloi.corpus.formats.brat.writer import WriteOptions, write
from aloi.corpus.formats.shared.capabilities import EVERYTHING

CAPABILITIES = EVERYTHING

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
