"""New texts for a corpus: read, normalised, refused if already there, written to its `inbox/`.

What lies in the inbox has no mention yet and belongs to no split; it is ready to be annotated.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.extras import need
from aloi.corpus.files import whole_folder
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.quality.checks import shingles
from aloi.corpus.rights import UNKNOWN

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]

INBOX = "inbox"

NEAR = 0.5
"""Two texts are nearly the same if they share this part of the shorter one's runs of words."""

_HTML = (".html", ".htm")
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")
_NO_BREAK = (0x00A0, 0x202F)
_DATES = {"min_date": "1600-01-01", "original_date": True, "extensive_search": False}
"""How trafilatura looks for a date: as far back as there are newspapers, and only in metadata."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as found in a file, normalised, with what the file tells of it."""

    file: str
    text: str
    title: str | None = None
    date: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """What the caller knows of the texts; it goes before what a file tells."""

    id: str | None = None
    title: str | None = None
    date: str | None = None
    source: str | None = None
    rights: str | None = None
    holder: str | None = None
    lang: str | None = None
    retrieved: str | None = None
    redistributable: bool = False


def normalise(text: str) -> str:
    """A text by the rules below; doing it twice changes nothing more.

    1. Lines end with LF: CR LF, CR, vertical tab, form feed, the file, group and record separators,
       NEL and the line and paragraph separators become it.
    2. Dropped, for they are no part of a text: the other control characters but the tab, the soft
       hyphen, zero width space, word joiner and byte order mark. Kept, for scripts and emoji need
       them: the zero width joiner and non-joiner, and the marks of writing direction.
    3. Unicode NFC.
    4. White space at the end of a line is dropped. Within it all stays, no-break spaces too.
    5. No blank line before or after the text, and never more than one in a row.
    """
    text = _NO_TEXT.sub("", _LINE_ENDS.sub("\n", text))
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n")]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def read(path: Path) -> list[Text]:
    """The texts of a `.txt` or `.html` file, or of a folder of them (hidden files left aside).

    Raises `DataError` with all that cannot be taken: other files, other encodings, no text.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if not file.name.startswith("."))
    texts: list[Text] = []
    problems: list[Problem] = []
    if not files:
        problems.append(Problem("no-text", "an empty folder", "Put texts there", file=str(path)))
    for file in files:
        try:
            texts.append(read_file(file))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return texts


def read_file(file: Path) -> Text:
    """The text of one file, by its suffix; raises `DataError`."""
    if file.suffix.lower() in _HTML:
        return from_html(file.read_bytes(), file=str(file))
    if file.suffix.lower() != ".txt" or not file.is_file():
        fix = "Give .txt and .html files, or a folder of nothing else"
        raise DataError([Problem("other-file", "neither .txt nor .html", fix, file=str(file))])
    return from_plain(file.read_bytes(), file=str(file))


def from_plain(raw: bytes, *, file: str) -> Text:
    """A plain text in UTF-8; raises `DataError` if it is empty or another encoding."""
    try:
        return _filled(Text(file, normalise(raw.decode("utf-8"))))
    except UnicodeDecodeError as error:
        what, fix = f"not UTF-8 at byte {error.start}", "Save it as UTF-8"
        raise DataError([Problem("not-utf8", what, fix, file=file)]) from error


def from_html(raw: bytes, *, file: str) -> Text:
    """Title, date, address and body of a page, as trafilatura finds them; comments are left out.

    Paragraphs are set apart by a blank line; a first one that only says the title is left out.
    Raises `DataError` if there is no text in it or trafilatura is not installed.
    """
    need("trafilatura", extra="html")
    from trafilatura import bare_extraction, load_html  # noqa: PLC0415 - an extra
    from trafilatura.settings import Document as Page  # noqa: PLC0415 - an extra

    tree = load_html(raw)
    if tree is None:
        return _filled(Text(file, ""))
    restore = _stand_ins(tree)
    page = bare_extraction(
        tree, include_comments=False, with_metadata=True, date_extraction_params=_DATES
    )
    if not isinstance(page, Page):
        return _filled(Text(file, ""))
    title = normalise((page.title or "").translate(restore)).replace("\n", " ")
    lines = normalise((page.text or "").translate(restore)).split("\n")
    body = lines[1:] if lines[0] == title else lines
    text = normalise("\n\n".join(body))
    return _filled(Text(file, text, title or None, page.date, page.url))


def _stand_ins(tree: HtmlElement) -> dict[int, str]:
    """Put signs that the page lacks for its no-break spaces; returns the way back.

    trafilatura makes some of these spaces plain ones, depending on the length of the text.
    """
    held = set("".join(tree.itertext()))
    free = (sign for sign in range(0x2801, 0x2900) if chr(sign) not in held)  # braille
    signs = dict(zip(_NO_BREAK, free, strict=False))
    for element in tree.iter():
        element.text = element.text and element.text.translate(signs)
        element.tail = element.tail and element.tail.translate(signs)
    return {sign: chr(space) for space, sign in signs.items()}


def _filled(text: Text) -> Text:
    if text.text.strip():
        return text
    fix = "Give a file with a text; a page that a script fills must be saved from a browser"
    raise DataError([Problem("no-text", "no text in it", fix, file=text.file)])


def add(texts: Sequence[Text], corpus: Corpus, details: Details) -> list[Document]:
    """Write texts as documents to the corpus's inbox, all or none; returns them.

    Raises `DataError` with every id that is taken or cannot name a file, and every text that is
    the same or nearly the same as one of the corpus, of its inbox, or before it.
    """
    documents = [document(text, details) for text in texts]
    inbox = corpus.folder / INBOX
    known = (*corpus.documents, *(document_files.read(inbox) if inbox.is_dir() else ()))
    taken = {*corpus.split_of, *corpus.manifest.restricted, *(document.id for document in known)}
    found = [*_id_problems(documents, taken), *_twin_problems(documents, known)]
    if found:
        raise DataError(problem.at(file=texts[position].file) for position, problem in found)
    with whole_folder(inbox) as scratch:
        for new in documents:
            (scratch / document_files.file_name(new)).write_bytes(
                document_files.pretty(new).encode()
            )
    return documents


def document(text: Text, details: Details) -> Document:
    """The document of a text: no mention yet, and all that is known in its `meta`.

    Its id is the file's name in plain letters unless one is given. `sha256` is of the text in
    UTF-8. What may not be redistributed says so.
    """
    meta = {
        "title": details.title or text.title,
        "date": details.date or text.date,
        "lang": details.lang,
        "source": details.source or text.source or UNKNOWN,
        "rights": details.rights or UNKNOWN,
        "holder": details.holder,
        "redistributable": details.redistributable,
        "retrieved": details.retrieved,
        "sha256": sha256(text.text),
    }
    known = {key: value for key, value in meta.items() if value is not None}
    return Document(details.id or slug(Path(text.file).stem), text.text, (), (), known)


def sha256(text: str) -> str:
    """The hash of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def slug(name: str) -> str:
    """A name in lower case without accents, what is no letter or digit become `-`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", plain.lower()).strip("-")


def _id_problems(
    documents: Sequence[Document], taken: Iterable[str]
) -> Iterator[tuple[int, Problem]]:
    """Ids that cannot name a file or are taken, with the position of their document."""
    taken = set(taken)
    for position, new in enumerate(documents):
        try:
            document_files.file_name(new)
        except DataError as error:
            yield from ((position, problem) for problem in error.problems)
        if new.id in taken:
            what, fix = "the id is taken", "Give it another with --id, or rename the file"
            yield position, Problem("document-id-twice", what, fix, new.id)
        taken.add(new.id)


def _twin_problems(
    documents: Sequence[Document], known: Iterable[Document]
) -> Iterator[tuple[int, Problem]]:
    """Texts the same or nearly the same as a known one or one before, with their position."""
    runs = [shingles(new.text) for new in documents]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, own in enumerate(runs):
        for run in own:
            holders[run].append(position)
    before = [(document, 0) for document in known]
    for other, first in before + [(new, n) for n, new in enumerate(documents, start=1)]:
        text, others = normalise(other.text), shingles(other.text)
        shared = Counter(position for run in others for position in holders.get(run, ()))
        for position in range(first, len(documents)):
            smaller = min(len(runs[position]), len(others))
            share = shared[position] / smaller if smaller else 0.0
            if problem := _twin_problem(documents[position], other.id, text, share):
                yield position, problem


def _twin_problem(new: Document, other: str, text: str, share: float) -> Problem | None:
    if new.text == text:
        what = f"the same text as document {other}"
        return Problem("same-text", what, "Leave it out", new.id)
    if share >= NEAR:
        what = f"nearly the same text as document {other}: {share:.0%} of its runs of words"
        return Problem("near-same-text", what, "Keep one of the two", new.id)
    return None
