"""Cases of `fuzz.py` with hostile documents, for all commands that read documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import toy
from forked_commands import Case

from aloi.corpus import document_files

DEEP = "[" * 900 + "]" * 900
VERY_DEEP = "[" * 200_000
GOOD = '{"id": "%s", "text": "Ana vit à Rome", "entities": [%s], "relations": [%s]}'
MENTION = '{"id": "%s", "start": %s, "end": %s, "label": %s%s}'


def _document(mention: str = "", relation: str = "", id_: str = "a") -> str:
    return GOOD % (id_, mention, relation)


def _mention(start: object = 0, end: object = 3, label: str = '"PER"', more: str = "") -> str:
    return MENTION % ("e", start, end, label, more)


HOSTILE = {
    "empty": b"",
    "blank lines": b"\n\n \n",
    "nul": b"\0\0\0\0",
    "binary": bytes(range(256)),
    "utf-16": _document(_mention()).encode("utf-16"),
    "latin-1": _document(_mention()).encode("latin-1"),
    "bom": b"\xef\xbb\xbf" + _document(_mention()).encode(),
    "truncated": _document(_mention()).encode()[:60],
    "list": b"[1, 2]",
    "number": b"12",
    "string": b'"a"',
    "null": b"null",
    "object": b"{}",
    "deep meta": _document(_mention()).replace('"id": "a"', f'"id": "a", "meta": {{"x": {DEEP}}}'),
    "deep text": _document().replace('"Ana vit à Rome"', DEEP),
    "deep key": f'{{"x": {DEEP}}}',
    "deep document": DEEP,
    "very deep": VERY_DEEP,
    "very deep meta": _document().replace('"id"', f'"meta": {VERY_DEEP}, "id"', 1),
    "huge offset": _document(_mention(0, 2**64)),
    "larger offset": _document(_mention(10**400, 10**401)),
    "negative offset": _document(_mention(-(2**63) - 1, 3)),
    "float offset": _document(_mention(0.5, 3.0)),
    "exponent offset": _document(_mention("1e3", "1e400")),
    "nan score": _document(_mention(more=', "score": NaN')),
    "infinite score": _document(_mention(more=', "score": 1e999')),
    "huge score": _document(_mention(more=', "score": 5')),
    "surrogate text": _document().replace("Ana", "\\ud800na"),
    "surrogate id": _document(id_="\\udfff"),
    "surrogate label": _document(_mention(label='"\\ud800"')),
    "surrogate key": _document().replace('"id"', '"meta": {"\\ud800": 1}, "id"', 1),
    "surrogate attribute": _document(_mention(more=', "attributes": {"\\ud800": "\\udfff"}')),
    "raw surrogate": b'{"id": "a", "text": "\xed\xa0\x80", "entities": []}',
    "escape id": _document(_mention(), id_="\\u001b[31mred\\u0007"),
    "escape label": _document(_mention(label='"\\u001b]0;title\\u0007"')),
    "escape text": _document(_mention()).replace("Ana", "\\u001b[2J"),
    "nul text": _document(_mention()).replace("Ana", "\\u0000na"),
    "path id": _document(_mention(), id_="../../outside"),
    "absolute id": _document(_mention(), id_="/etc/outside"),
    "long id": _document(_mention(), id_="x" * 5000),
    "empty id": _document(_mention(), id_=""),
    "empty label": _document(_mention(label='""')),
    "break label": _document(_mention(label='"a\\nb"')),
    "micro label": _document(_mention(label='"micro"')),
    "markup": _document(_mention(label='"[red]<b>|=1+1\\\\end{x}"'), id_="[bold]|<script>"),
    "same id": _document(_mention()) + "\n" + _document(_mention()),
    "same mention": _document(_mention() + ", " + _mention()),
    "null entities": _document().replace("[]", "null", 1),
    "object entities": _document().replace("[]", "{}", 1),
    "dangling": _document(_mention(), '{"head": "e", "tail": "z", "label": "L"}'),
    "unknown key": _document(_mention(more=', "colour": 1')),
    "repeated key": '{"id": "a", "id": "b", "text": "x", "text": "y", "entities": []}',
    "crlf": _document(_mention()).replace("}", "}\r\n"),
    "carriage return text": _document(_mention()).replace("Ana", "A\\r\\na"),
    "other text": _document(_mention()).replace("Rome", "Oslo"),
    "no words": _document().replace("Ana vit à Rome", " \\u00a0\\u200b"),
    "combining": _document(_mention()).replace("Ana", "a" + "\\u0301" * 3000),
    "bidi": _document(_mention()).replace("Ana", "\\u202eana"),
    "wrong types": _document(_mention()).replace('"a"', "1"),
    "title number": _document(_mention()).replace(
        '"id"', '"meta": {"title": 3, "date": []}, "id"', 1
    ),
    "rights types": _document(_mention()).replace(
        '"id"', '"meta": {"rights": 3, "redistributable": "x", "lang": {}}, "id"', 1
    ),
}
FORMATS = (
    *("native", "inline", "brat", "labelstudio", "prodigy", "doccano", "webanno", "xmi", "conll"),
    *("conllu", "hipe", "spert", "crossre", "docred", "popcorn", "spacy", "parquet"),
    *("corefud", "casjson", "hf-tokens", "gliner", "dygie"),
)


def document_cases(root: Path) -> Iterator[Case]:
    """Yield cases with each hostile document, and with streams that never end."""
    good = root / "good.jsonl"
    document_files.write([toy.sentence(n) for n in range(4)], good)
    for name, content in HOSTILE.items():
        raw = content if isinstance(content, bytes) else content.encode()

        def prepare(folder: Path, raw: bytes = raw) -> None:
            (folder / "a.jsonl").write_bytes(raw)
            (folder / "a.json").write_bytes(raw)
            (folder / "good.jsonl").write_bytes(good.read_bytes())
            toy.folder(folder / "corpus")
            (folder / "corpus" / "gold" / "d0.json").write_bytes(raw)

        for arguments in _calls():
            yield Case(name, tuple(arguments.split()), prepare)
        for format_ in FORMATS:
            source = (
                "a.json" if format_ in ("labelstudio", "docred", "spert", "gliner") else "a.jsonl"
            )
            call = ("convert", source, "out.jsonl", "--from", format_, "--to", "native")
            yield Case(f"{name}, as {format_}", call, prepare)
            call = ("convert", "a.jsonl", f"out.{format_}", "--to", format_)
            yield Case(f"{name}, to {format_}", call, prepare)
    for arguments in ("corpus check /dev/zero", "eval good.jsonl /dev/zero"):
        yield Case("/dev/zero", tuple(arguments.split()), _good(good))
    yield Case("endless standard input", ("corpus", "check", "-"), _good(good), "/dev/zero")


def _good(file: Path) -> Callable[[Path], object]:
    return lambda folder: (folder / "good.jsonl").write_bytes(file.read_bytes())


def _calls() -> tuple[str, ...]:
    return (
        "corpus check a.jsonl",
        "corpus check a.json",
        "corpus check corpus",
        "corpus stats corpus",
        "corpus review corpus",
        "corpus refs corpus",
        "corpus gate corpus --since good.jsonl --junit j.xml --markdown m.md",
        "corpus gate corpus --comparison a.json --scores a.json a.jsonl",
        "convert a.jsonl out.jsonl --to native",
        "convert a.jsonl out --to native",
        "eval a.jsonl a.jsonl --full --json r.json --html r.html --markdown r.md --csv r.csv",
        "eval good.jsonl a.jsonl",
        "eval a.jsonl a.jsonl --bootstrap 20 --train a.jsonl --latex r.tex",
        "compare a.jsonl a.jsonl good.jsonl --replicates 20",
        "annotate agree a.jsonl good.jsonl",
        "annotate effort a.jsonl a.jsonl",
        "annotate pull a.json --out passes",
        "release diff a.jsonl good.jsonl --json d.json",
        "release build corpus --out release",
    )
