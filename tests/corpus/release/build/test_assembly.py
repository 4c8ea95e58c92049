"""A release is the corpus, byte for byte the same each time, with no restricted text in it."""

import json
from pathlib import Path

import pytest
import releases
from releases import SECRET

from aloi.corpus.collection import Corpus
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError
from aloi.corpus.release.build.assembly import build
from aloi.corpus.release.build.figures import Figures, read_figures
from aloi.corpus.release.read.layout import Release, hash_of
from aloi.corpus.release.restricted_text import strings

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.slow  # importing datasets takes seconds


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return releases.small(tmp_path_factory.mktemp("corpus") / "small")


@pytest.fixture(scope="module")
def release(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release") / "small"
    build(corpus, out)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_the_same_bytes_each_time_in_place_of_what_was_there(
    corpus: Corpus, release: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    build(corpus, again, refs=False)
    (again / "left.over").touch()
    build(corpus, again)
    assert contents(again) == contents(release)
    assert list(tmp_path.iterdir()) == [again]


def test_what_is_read_back_is_what_may_be_given_on(corpus: Corpus, release: Path) -> None:
    opened = [document for document in corpus.documents if document.id != "d"]
    assert sorted(registry.read(str(release)), key=lambda d: d.id) == opened
    assert Release.open(release).documents()["test"] == [opened[2]]


def test_the_restricted_document_is_offsets_and_hashes(release: Path) -> None:
    opened = Release.open(release)
    (_, bare) = opened.standoff()["test"]
    salt = opened.manifest.salt
    assert (bare.id, bare.length, bare.hash) == ("d", len(SECRET), hash_of(SECRET, salt, 16))
    assert [(m.start, m.end, m.label, m.ref, m.hash) for m in bare.entities] == [
        (0, 18, "PER", "ref-0", hash_of("Eustache Malvoisin", salt, 8)),
        (67, 75, "LOC", "ref-1", hash_of("Vaucluse", salt, 8)),
    ]
    assert bare.meta == {"lang": "fr"}  # its title is text
    assert (bare.rights.holder, bare.rights.redistributable) == ("The Canal Gazette", False)


def test_no_refs_where_they_are_not_wanted(corpus: Corpus, tmp_path: Path) -> None:
    build(corpus, tmp_path / "r", refs=False)
    (opened, bare) = Release.open(tmp_path / "r").standoff()["test"]
    assert {mark.ref for mark in bare.entities} == {None}
    assert {mark.ref for mark in opened.entities} == {"ref-0", "ref-1"}


def test_datasets_gives_text_labels_and_relations_by_name(release: Path, tmp_path: Path) -> None:
    load_dataset = datasets.load_dataset
    cache = str(tmp_path)
    documents = load_dataset(str(release), cache_dir=cache)  # documents are the default
    assert list(documents) == ["train", "dev", "test"]
    (row,) = documents["test"]
    label = documents["test"].features["entities"].feature["label"]
    found = [
        (row["text"][e["start"] : e["end"]], label.int2str(e["label"])) for e in row["entities"]
    ]
    assert (row["text"], found) == ("Zoé vit à Oslo, dit-on 🙂.", [("Zoé", "PER"), ("Oslo", "LOC")])
    assert row["rights"]["holder"] == "Nobody"
    assert json.loads(row["meta"]) == {"lang": "fr", "title": "Zoé !"}
    (tokens,) = load_dataset(str(release), "tokens", cache_dir=cache, split="test")
    assert tokens["tokens"][:4] == ["Zoé", "vit", "à", "Oslo"]
    assert tokens["tags"][:5] == [1, 0, 0, 3, 0]  # O, B-PER, I-PER, B-LOC, I-LOC
    (relation,) = load_dataset(str(release), "relations", cache_dir=cache, split="test")
    assert (relation["head"]["text"], relation["label"], relation["tail"]["text"]) == (
        "Zoé", 0, "Oslo",
    )  # fmt: skip
    assert len(load_dataset(str(release), "standoff", cache_dir=cache, split="test")) == 2


def test_the_card_says_what_is_and_nothing_that_was_not_given(release: Path) -> None:
    card = (release / "README.md").read_text(encoding="utf-8")
    assert "license: cc0-1.0" in card
    assert "| `documents` | a document with its text, mentions, relations, metadata and rights | 1 | 1 | 1 |" in card  # fmt: skip # noqa: E501
    assert "| PER | a person | une personne |" in card
    assert "**Not redistributable: 1 of 4 documents.**" in card
    assert "No scores were given" in card
    assert "No figures of agreement were given" in card
    datasheet = (release / "DATASHEET.md").read_text(encoding="utf-8")
    assert "has no README.md" in datasheet
    assert "guard integrity, not secrecy" in datasheet


LEAK = SECRET[10:70]


@pytest.mark.parametrize(
    ("planted", "file"),
    [
        ({"meta": {"title": LEAK}}, "documents/train.parquet"),
        ({"meta": {"note": {"deep": [LEAK.upper(), LEAK.replace(" ", "\u00a0\n")]}}}, "documents"),
        ({"text": f"Ana vit à Rome. {LEAK}"}, "tokens/train.parquet"),
        ({"text": "Ana vit à Rome. " + SECRET[-62:].replace("«", "“").replace("»", "”")}, "tokens"),
    ],
)  # fmt: skip
def test_restricted_text_in_an_open_document_stops_the_build(
    planted: dict[str, object], file: str, tmp_path: Path
) -> None:
    folder = releases.folder(tmp_path / "small")
    releases.change(folder, "a", **planted)
    with pytest.raises(DataError, match="contains restricted text") as caught:
        build(Corpus.open(folder), tmp_path / "r")
    assert file in "\n".join(str(problem.file) for problem in caught.value.problems)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_a_short_run_in_the_corpus_s_own_words_stops_the_build(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    (folder / "README.md").write_text(f"# Small\n\nFor example: {SECRET[-40:]}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        build(Corpus.open(folder), tmp_path / "r")
    assert {problem.file for problem in caught.value.problems} == {"README.md", "DATASHEET.md"}


def figures(tmp_path: Path, system: str) -> Figures:
    ratios = {"precision": 1.0, "recall": None, "f1": 0.5, "ci": {"f1": [0.25, 0.75]}}
    report = {"entities": {"exact": {"micro": ratios}}, "relations": {}}
    runs = [{"split": "test", "system": system, "task": "entities", "report": report}]
    pair = {"annotators": ["x/one", "x/two"], "documents": 3, "f1": {"spans": {"micro": {"f1": 1}}}}
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"runs": runs, "pairs": [pair], "texts": [SECRET]}))
    return read_figures([file])


def test_figures_come_from_a_file_and_only_numbers_of_it(corpus: Corpus, tmp_path: Path) -> None:
    build(corpus, tmp_path / "r", figures=figures(tmp_path, "ours"))
    card = (tmp_path / "r" / "README.md").read_text(encoding="utf-8")
    assert "| test | ours | entities | exact | 1.000 | – | 0.500 [0.25, 0.75] |" in card
    assert "| one, two | 3 | spans | 0 | 0 | 1.000 |" in card


@pytest.mark.parametrize("system", [LEAK, "the Malvoisin model", "Eustache  Malvoisin"])
def test_restricted_text_in_figures_stops_the_build(
    corpus: Corpus, tmp_path: Path, system: str
) -> None:
    if system == "the Malvoisin model":  # part of a mention, which is no mention
        build(corpus, tmp_path / "r", figures=figures(tmp_path, system))
        return
    with pytest.raises(DataError, match=r"README\.md.*contains restricted text"):
        build(corpus, tmp_path / "r", figures=figures(tmp_path, system))
    assert not (tmp_path / "r").exists()


def test_a_mention_that_an_open_document_has_too_is_free(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    releases.change(folder, "a", text="Ana vit à Rome, non à Vaucluse.")
    build(Corpus.open(folder), tmp_path / "r")
    assert "Vaucluse" in "\n".join(strings(tmp_path / "r" / "documents" / "train.parquet"))


def test_all_that_is_wrong_is_told_and_nothing_written(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    releases.change(folder, "a", meta={"holder": "Someone"})
    releases.change(folder, "b", entities=[], relations=[{"head": "x", "tail": "x", "label": "Y"}])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(DataError) as caught:
        build(Corpus.open(folder), tmp_path / "mine")
    kinds = {problem.kind for problem in caught.value.problems}
    assert {"not-a-release", "missing-rights", "dangling-relation"} <= kinds
    assert contents(tmp_path / "mine") == {"notes.txt": b"keep me"}


def test_a_corpus_without_open_documents_or_relations_is_a_release_too(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    for id_ in "abc":
        (folder / "gold" / f"{id_}.json").unlink()
    (folder / "splits.toml").write_text('test = ["d"]\n')
    build(Corpus.open(folder), tmp_path / "r")
    assert Release.open(tmp_path / "r").documents() == {"test": []}
