"""The fingerprint of a training job: a hash of everything that determines the trained model.

If a pipeline has the fingerprint of a job, the job is not run again. The fingerprint covers the
data, schema, config, overrides, corpus record, library versions, and the code of `DECIDING_MODULES`
without docstrings and comments. A test fails if training imports a module that is neither in
`DECIDING_MODULES` nor in `NON_DECIDING_MODULES`.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from spacy.util import is_package

from aloi.corpus.document import Document, hash_documents
from aloi.corpus.languages.language import language_codes, load_language

TRAINING_VERSION = 1
"""Part of every fingerprint; increase it to have all pipelines trained again."""

DECIDING_MODULES = (
    "aloi.corpus.document",
    "aloi.corpus.document_files",
    "aloi.corpus.formats.shared.spacy_docs",
    "aloi.corpus.schema",
    "aloi.eval.columns",
    "aloi.eval.score_counts",
    "aloi.eval.items",
    "aloi.eval.pairing",
    "aloi.eval.scores",
    "aloi.eval.spacy_examples",
    "aloi.models.*",
    "aloi.models.entities",
    "aloi.models.relations",
    "aloi.models.training.fit",
    "aloi.models.training.reader",
    "aloi.models.training.settings",
    "aloi.models.training.teaching",
)
"""Modules that determine a trained model, including the scorers that select the best checkpoint.

The name of a package includes all modules in it and in its subpackages. A name that ends in `.*`
includes only the modules directly in the package.
"""

TRANSFORMER_MODULES = ("aloi.models.transformer",)
"""Modules that also determine a model with a pretrained transformer.

The light networks import names of them, but run none of their code.
"""

ATTRIBUTE_MODULES = (
    "aloi.corpus.document",
    "aloi.corpus.document_files",
    "aloi.corpus.formats.shared.spacy_docs",
    "aloi.corpus.schema",
    "aloi.models.*",
    "aloi.models.attributes",
    "aloi.models.training.settings",
)
"""Modules that determine the component of attributes, which is not trained by `spacy train`.

The name of a package includes the TOML files in it.
"""

NON_DECIDING_MODULES = (
    "aloi.corpus.corpus_folder",
    "aloi.corpus.duplicate_ids",
    "aloi.corpus.optional_dependencies",
    "aloi.corpus.atomic_files",
    "aloi.corpus.formats",
    "aloi.corpus.languages",
    "aloi.corpus.locks",
    "aloi.corpus.problems",
    "aloi.corpus.refs",
    "aloi.corpus.rights",
    "aloi.corpus.scale",
    "aloi.corpus.segmentation",
    "aloi.corpus.streams",
    "aloi.corpus.text_files",
    "aloi.corpus.toml_files",
    "aloi.eval.alignment",
    "aloi.eval.analysis",
    "aloi.eval.coreference",
    "aloi.eval.document_averages",
    "aloi.eval.facts",
    "aloi.eval.gold_entities",
    "aloi.eval.hipe_fuzzy",
    "aloi.eval.input_checks",
    "aloi.eval.reading",
    "aloi.eval.reports",
    "aloi.eval.schemes",
    "aloi.eval.scoring_choices",
    "aloi.eval.semeval",
    "aloi.eval.statistics",
    "aloi.models.attributes",
    "aloi.models.prediction",
    "aloi.models.publication",
    "aloi.models.refs",
    "aloi.models.training.fingerprint",
    "aloi.models.training.job",
    "aloi.models.training.pipeline_folder",
    "aloi.models.training.pipeline_training",
    "aloi.models.training.record",
    "aloi.models.training.setting_checks",
    "aloi.models.training.vocabulary",
)
"""Modules that training imports but that do not determine the model, such as file output.

`DECIDING_MODULES` takes precedence for modules that match both lists.
"""

ATTRIBUTES = "attributes"

LIBRARIES = ("spacy", "thinc", "numpy", "scipy")
TRANSFORMER_LIBRARIES = ("torch", "transformers")


MODEL_FILES = ("meta.json", "config.json")
"""The file that each spaCy pipeline contains, and the one of each checkpoint."""


def training_fingerprint(
    *,
    kind: str,
    train: Sequence[Document],
    dev: Sequence[Document],
    schema: Path | None,
    config: Path,
    overrides: Mapping[str, Any],
    corpus: Mapping[str, str],
    sources: Iterable[str] = (),
    teacher: Mapping[str, Any] | None = None,
) -> str:
    """Return the SHA-256, in hexadecimal, of everything that determines the trained model.

    sources: names or folders of the pipelines and checkpoints that supply weights or vectors.
    teacher: the record of the teacher and the unlabelled documents, if there are any.
    """
    config_text = config.read_text(encoding="utf-8")
    transformer = "transformer" in config_text + json.dumps(dict(overrides))
    parts = {
        "version": TRAINING_VERSION,
        "kind": kind,
        "data": [hash_documents(train), hash_documents(dev)],
        "order": [[document.id for document in part] for part in (train, dev)],
        "schema": schema.read_text(encoding="utf-8") if schema else None,
        "config": config_text,
        "overrides": dict(overrides),
        "corpus": dict(corpus),
        "libraries": library_versions(transformer=transformer),
        "code": hash_code(source_root(), deciding_modules(kind, transformer=transformer)),
    }
    if kind == ATTRIBUTES:
        parts["scikit-learn"] = version("scikit-learn")
    if folders := {name: hash_folder(Path(name)) for name in sources if is_local_model(name)}:
        parts["sources"] = folders
    if teacher is not None:
        parts["teacher"] = teacher
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_local_model(source: str) -> bool:
    """Return whether a source is a folder with a pipeline or checkpoint, not a name of a package.

    Other folders, which may be of any size, cannot be loaded.
    """
    if is_package(source):
        return False
    return any(Path(source, name).is_file() for name in MODEL_FILES)


def hash_folder(folder: Path) -> str:
    """Return one SHA-256 for a folder: the names and contents of the files that are not hidden."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder)
        if not any(part.startswith(".") for part in name.parts):
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
            total.update(f"{name.as_posix()}\0{content}\0".encode())
    return total.hexdigest()


def library_versions(*, transformer: bool = True) -> dict[str, str]:
    """Return the versions of the libraries and base models that training uses, by package name.

    transformer: whether to include the libraries of pretrained transformers, if installed.
    """
    base_models = filter(None, (load_language(code).base_model for code in language_codes()))
    candidates = (*base_models, *(TRANSFORMER_LIBRARIES if transformer else ()))
    optional = [name for name in candidates if find_spec(name)]
    packages = [name.replace("_", "-") for name in optional]
    return {name: version(name) for name in [*LIBRARIES, *packages]}


def source_root() -> Path:
    """Return the folder that contains the packages `corpus`, `eval` and `models`."""
    return Path(str(files("aloi.models"))).parent


def deciding_modules(kind: str, *, transformer: bool = False) -> tuple[str, ...]:
    """Return the modules that determine a component of a kind, with or without a transformer."""
    if kind == ATTRIBUTES:
        return ATTRIBUTE_MODULES
    return (*DECIDING_MODULES, *(TRANSFORMER_MODULES if transformer else ()))


def hash_code(root: Path, modules: Iterable[str] = DECIDING_MODULES) -> str:
    """Return one SHA-256 for the code of all modules, ignoring docstrings, comments and layout."""
    sources = {file for name in modules for file in module_files(root, name)}
    code = {file.relative_to(root).as_posix(): _plain(file) for file in sources}
    return hashlib.sha256(json.dumps(code, sort_keys=True).encode()).hexdigest()


def module_files(root: Path, name: str) -> list[Path]:
    """Return the files of a module or package; `name.*` means the modules directly in a package."""
    path = root.joinpath(*name.removeprefix("aloi.").removesuffix(".*").split("."))
    if name.endswith(".*"):
        return sorted(path.glob("*.py"))
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in (".py", ".toml"))
    return [path.with_suffix(".py")]


def _plain(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return plain_code(text) if file.suffix == ".py" else text


def plain_code(source: str) -> str:
    """Return Python code without comments and documentation strings, in a uniform layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                kept = [each for each in statements if not _is_docstring(each)]
                setattr(node, field, kept or statements[:0])
    return ast.unparse(tree)


def _is_docstring(node: ast.AST) -> bool:
    """Return whether a statement is only a string: a docstring, or a description of a constant."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
