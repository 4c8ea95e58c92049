"""Cases of `fuzz.py` with hostile settings of a training, and hostile TOML files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import toy
from forked_commands import Case
from light_configs import light_configs
from thinc.api import Config

from aloi.corpus import document_files

VALUES = ("0", "-1", "1e308", "99999999999999999999", '"x"', "null", "[]", "NaN")
QUICK = (
    *("--set", "training.max_steps=2"),
    *("--set", "training.eval_frequency=1"),
    *("--set", "training.patience=2"),  # max_steps=0 is no limit
)
HUGE = ("1e308", "99999999999999999999")


def setting_cases(root: Path) -> Iterator[Case]:
    """Yield a training for each setting with each hostile value, and for unknown settings."""
    for kind, config in light_configs(root / "configs").items():
        for key, value in _settings(Config().from_disk(config, interpolate=False)):
            values = VALUES if isinstance(value, int | float) else ('"x"', "1", "null", "{}")
            for hostile in values:
                if hostile in HUGE and key.endswith(("max_steps", "patience", "eval_frequency")):
                    continue
                yield _training(kind, config, f"{key}={hostile}")
        for setting in ("training.x=1", "a.b.c=1", "training=1", "x", "training.=1", ".x=1", "="):
            yield _training(kind, config, setting)
        for key in ("initialize.vectors", "paths.train", "paths.dev", "initialize.init_tok2vec"):
            for path in ("missing", "/dev/null", "..", "data.jsonl", "/proc/self/mem"):
                yield _training(kind, config, f'{key}="{path}"')
    for option in ("--train", "--dev", "--schema", "--config", "--out"):
        for path in ("missing", "/dev/null", "folder", "", "x" * 300, "/proc/x/y"):
            yield _training("ner", config, option, path)


def _settings(config: Mapping[str, object], section: str = "") -> Iterator[tuple[str, object]]:
    for key, value in config.items():
        name = f"{section}.{key}" if section else key
        if isinstance(value, Mapping):
            yield from _settings(value, name)
        elif "." in name:
            yield name, value


def _training(kind: str, config: Path, *setting: str) -> Case:
    extra = setting if len(setting) > 1 else ("--set", *setting)

    def prepare(folder: Path) -> None:
        documents = [toy.sentence(n) for n in range(8)]
        document_files.write(documents[:5], folder / "data.jsonl")
        document_files.write(documents[5:7], folder / "dev.jsonl")
        (folder / "folder").mkdir()

    data = ("--train", "data.jsonl", "--dev", "dev.jsonl", "--out", "out", "--config", str(config))
    return Case(" ".join(extra), ("train", kind, *data, *QUICK, *extra), prepare)


SCALARS = ("3", '"x"', "[]", "{}", "[1]", "true", "1979-05-27", "inf", '{ a = { b = "c" } }')
DEEP = "x = " + "[" * 900 + "]" * 900
FILES = ("schema.toml", "corpus.toml", "splits.toml", "refs.toml", "review.toml", "labels.toml")
LABELS = '[entities]\nPER = "PERSON"\n[drop]\nORG = "unused"\n'
CALLS = (
    "corpus check corpus",
    "corpus stats corpus",
    "corpus review corpus",
    "corpus refs corpus",
    "corpus add new.txt corpus",
    "corpus remove d3 corpus",
    "corpus migrate corpus --rename PER=PERSON",
    "convert corpus out.jsonl --to native --labels corpus/labels.toml --schema corpus/schema.toml",
    "eval corpus corpus",
    "release build corpus --out release",
    "annotate config corpus/schema.toml --out interface.xml",
    "annotate agree corpus/gold corpus/gold --schema corpus/schema.toml",
)


def toml_cases(root: Path) -> Iterator[Case]:
    """Yield cases with each TOML file of a corpus damaged, and each key with a hostile value."""
    sample = toy.folder(root / "toml")
    (sample / "refs.toml").write_text("[refs]\n", encoding="utf-8")
    (sample / "review.toml").write_text("accepted = []\n", encoding="utf-8")
    (sample / "labels.toml").write_text(LABELS, encoding="utf-8")
    contents = {file: (sample / file).read_text(encoding="utf-8") for file in FILES}
    for file, content in contents.items():
        for name, raw in _damaged(content):
            for call in CALLS:
                yield Case(f"{file}: {name}", tuple(call.split()), _corpus(file, raw))


def _damaged(content: str) -> Iterator[tuple[str, bytes]]:
    plain = {
        "empty": "",
        "deep": DEEP,
        "deep value": content + "\n" + DEEP,
        "repeated": content + content,
        "truncated": content[: len(content) // 2],
        "nul": content + "\0",
        "json": "{}",
        "unknown key": 'colour = "red"\n' + content,
        "huge number": f"x = {'9' * 5000}\n" + content,
    }
    yield "not UTF-8", content.encode() + b"\n# \xe9"
    yield "surrogate", content.encode() + b"\n# \xed\xa0\x80"
    yield from ((name, text.encode()) for name, text in plain.items())
    lines = content.splitlines()
    for number, line in enumerate(lines):
        key, equals, _ = line.partition("=")
        for value in SCALARS if equals else ():
            changed = [*lines[:number], f"{key}= {value}", *lines[number + 1 :]]
            yield f"{key.strip()} = {value}", "\n".join(changed).encode()


def _corpus(file: str, raw: bytes) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        toy.folder(folder / "corpus")
        (folder / "new.txt").write_text("Eva ignore Kiev.", encoding="utf-8")
        (folder / "corpus/labels.toml").write_text(LABELS, encoding="utf-8")
        if file == "refs.toml":
            manifest = folder / "corpus/corpus.toml"
            manifest.write_text('refs = "refs.toml"\n' + manifest.read_text(encoding="utf-8"))
        (folder / "corpus" / file).write_bytes(raw)

    return prepare
