"""The fingerprint changes with everything that decides a model, and with nothing else."""

import ast
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from light_configs import light_configs
from toy import SCHEMA, sentence

from aloi.corpus import document_files
from aloi.models.training import fingerprint
from aloi.models.training.fingerprint import (
    DECIDING_MODULES,
    NON_DECIDING_MODULES,
    TRANSFORMER_MODULES,
    deciding_modules,
    hash_code,
    hash_folder,
    is_local_model,
    module_files,
    plain_code,
    source_root,
    training_fingerprint,
)
from aloi.models.training.job import TrainingJob
from aloi.models.training.settings import shipped_config

ROOT = source_root()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source of the packages that take part in training."""
    for package in ("corpus", "eval", "models"):
        for file in (ROOT / package).rglob("*.py"):
            target = tmp_path / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return tmp_path


def test_docstrings_and_comments_do_not_count(copy: Path) -> None:
    before = hash_code(copy)
    for file in copy.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                if ast.get_docstring(node) is not None:
                    node.body.pop(0)
                node.body.insert(0, ast.Expr(ast.Constant("Another docstring.")))
        file.write_text(f"{ast.unparse(tree)}\n\n# Another comment.\n", encoding="utf-8")
    assert hash_code(copy) == before


@pytest.mark.parametrize(
    "file",
    [
        "corpus/release/publish/hub.py",
        "corpus/statistics/plots.py",
        "corpus/formats/webanno/reader.py",
        "models/publication/model_card.py",
        "models/training/job.py",
        "models/attributes/features.py",
        "models/transformer/windows.py",
        "eval/coreference/attributes.py",
    ],
)
def test_code_that_does_not_decide_a_model_does_not_count(copy: Path, file: str) -> None:
    before = hash_code(copy)
    append_code(copy / file)
    assert hash_code(copy) == before


@pytest.mark.parametrize(
    "file",
    [
        "models/relations/features.py",
        "models/serialization.py",
        "models/training/fit.py",
        "models/training/teaching.py",
        "eval/scores.py",
        "corpus/document_files.py",
    ],
)
def test_code_that_decides_a_model_counts(copy: Path, file: str) -> None:
    before = hash_code(copy)
    append_code(copy / file)
    assert hash_code(copy) != before


@pytest.mark.parametrize("file", ["models/attributes/features.py", "corpus/schema.py"])
def test_code_that_decides_the_attributes_counts_for_them(copy: Path, file: str) -> None:
    before = hash_code(copy, deciding_modules("attributes"))
    append_code(copy / file)
    assert hash_code(copy, deciding_modules("attributes")) != before


def test_code_of_transformers_counts_for_models_with_a_transformer(copy: Path) -> None:
    modules = deciding_modules("relations", transformer=True)
    before = hash_code(copy, modules)
    append_code(copy / "models/transformer/windows.py")
    assert hash_code(copy, modules) != before


@pytest.mark.parametrize(
    ("config", "counts"), [("relations", False), ("transformer-relations", True)]
)
def test_libraries_of_transformers_count_for_models_with_a_transformer(
    config: str, counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fingerprint_with(installed: bool) -> str:
        monkeypatch.setattr(fingerprint, "TRANSFORMER_LIBRARIES", ("spacy",) * installed)
        monkeypatch.setattr(fingerprint, "LIBRARIES", ())
        return training_fingerprint(
            kind="relations",
            train=[sentence(0)],
            dev=[sentence(1)],
            schema=None,
            config=shipped_config(config),
            overrides={},
            corpus={},
        )

    assert (fingerprint_with(True) != fingerprint_with(False)) == counts


def test_the_words_of_the_cues_count_for_attributes(copy: Path) -> None:
    cues = copy / "models/attributes/cues.fr.toml"
    before = hash_code(copy, deciding_modules("attributes"))
    cues.write_text("[cues]\n", encoding="utf-8")
    assert hash_code(copy, deciding_modules("attributes")) != before


def append_code(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "\nADDED = 1\n", encoding="utf-8")


def test_plain_code_keeps_strings_that_are_values() -> None:
    source = '"""Doc."""\nA = "a"\n"""About A."""\ndef f():\n    """Doc."""\n    return "b"  # c\n'
    assert plain_code(source) == "A = 'a'\n\ndef f():\n    return 'b'"


def test_data_schema_overrides_and_corpus_count(tmp_path: Path) -> None:
    schema = tmp_path / "schema.toml"
    schema.write_text(SCHEMA, encoding="utf-8")
    train, dev = [sentence(0), sentence(1)], [sentence(2)]
    inputs = {
        "kind": "ner",
        "train": train,
        "dev": dev,
        "schema": schema,
        "config": shipped_config("ner"),
        "overrides": {},
        "corpus": {},
    }
    changes = [
        {"train": [*train, sentence(3)]},
        {"train": train[::-1]},
        {"dev": [sentence(4)]},
        {"schema": None},
        {"config": shipped_config("relations")},
        {"kind": "attributes"},
        {"overrides": {"training.dropout": 0.3}},
        {"corpus": {"version": "2"}},
        {"teacher": {"sha256": "a", "unlabelled": {"sha256": "c"}}},
        {"teacher": {"sha256": "b", "unlabelled": {"sha256": "c"}}},
        {"teacher": {"sha256": "b", "unlabelled": {"sha256": "d"}}},
    ]
    before = training_fingerprint(**inputs)
    assert training_fingerprint(**inputs) == before
    after = {training_fingerprint(**{**inputs, **change}) for change in changes}
    assert len(after) == len(changes)
    assert before not in after


def test_the_files_of_a_local_source_count(tmp_path: Path) -> None:
    source = tmp_path / "checkpoint"
    source.mkdir()
    (source / "config.json").touch()
    (source / "model").write_bytes(b"old")
    before = job_fingerprint(tmp_path, str(source))
    (source / "model").write_bytes(b"new")
    assert job_fingerprint(tmp_path, str(source)) != before


def job_fingerprint(folder: Path, vectors: str) -> str:
    """Return the fingerprint of a job with word vectors of a source."""
    data = folder / "train.jsonl", folder / "dev.jsonl"
    for number, file in enumerate(data):
        document_files.write([sentence(number)], file)
    config = light_configs(folder / "configs")["ner"]
    overrides = {"initialize.vectors": vectors}
    return TrainingJob("ner", *data, folder / "out", config=config, overrides=overrides).fingerprint


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (lambda folder: (folder / "weights/model").write_bytes(b"new"), True),
        (lambda folder: (folder / "added").touch(), True),
        (lambda folder: (folder / "weights").rename(folder / "renamed"), True),
        (lambda folder: (folder / "weights/.cache").touch(), False),
        (lambda folder: (folder / "weights/model").touch(), False),
    ],
)
def test_names_and_contents_of_files_count(
    tmp_path: Path, change: Callable[[Path], object], counts: bool
) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/model").write_bytes(b"old")
    before = hash_folder(tmp_path)
    change(tmp_path)
    assert (hash_folder(tmp_path) != before) == counts


def test_only_folders_with_a_pipeline_or_checkpoint_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not is_local_model("someone/model")
    for name in ("fr_core_news_md", "someone/model"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").touch()
    assert not is_local_model("fr_core_news_md")  # spaCy loads the package
    assert is_local_model("someone/model")
    assert not is_local_model("..")


def test_every_module_that_training_imports_is_in_a_list() -> None:
    listed = {*DECIDING_MODULES, *TRANSFORMER_MODULES, *NON_DECIDING_MODULES}
    unlisted = [name for name in training_modules() if not is_listed(name, listed)]
    assert unlisted == [], "add it to DECIDING_MODULES or NON_DECIDING_MODULES"


def test_every_listed_module_exists() -> None:
    for name in (*DECIDING_MODULES, *TRANSFORMER_MODULES, *NON_DECIDING_MODULES):
        files = module_files(ROOT, name)
        assert files
        assert all(file.is_file() for file in files)


def training_modules() -> set[str]:
    """The modules that training imports, directly or not, without packages that have no code."""
    training = (file.stem for file in (ROOT / "models/training").glob("*.py"))
    waiting = [f"aloi.models.training.{name}" for name in training if name != "__init__"]
    waiting += entry_points()
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or (file := module_file(name)) is None:
            continue
        found.add(name)
        waiting += imports(file)
    return {name for name in found if plain_code(module_file(name).read_text("utf-8"))}


def entry_points() -> Iterator[str]:
    """The modules that spaCy finds by entry points, as configs name them."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
    for group, points in project["project"]["entry-points"].items():
        if group.startswith("spacy_"):
            yield from (value.partition(":")[0] for value in points.values())


def module_file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split(".")[1:])
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if name != "aloi" and file.is_file()), None)


def imports(file: Path) -> Iterator[str]:
    """The names of what a module imports, its parent packages included."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aloi."):
            parts = node.module.split(".")
            yield from (".".join(parts[:end]) for end in range(2, len(parts) + 1))
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("aloi."))


def is_listed(name: str, listed: set[str]) -> bool:
    parts = name.split(".")
    prefixes = {".".join(parts[:end]) for end in range(2, len(parts) + 1)}
    return bool(listed & {*prefixes, f"{name.rpartition('.')[0]}.*"})
