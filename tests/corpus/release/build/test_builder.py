"""A release contains its corpus without restricted text, and each build gives the same bytes."""

import json
import shutil
from pathlib import Path

import pytest
import releases
from releases import SECRET

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError
from aloi.corpus.release.build.builder import build_release
from aloi.corpus.release.build.figures import Figures, read_figures
from aloi.corpus.release.file_strings import read_strings
from aloi.corpus.release.publish.release_check import check_release
from aloi.corpus.release.read.hashes import salted_hash
from aloi.corpus.release.read.release_folder import Release

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.slow  # importing datasets takes seconds


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return releases.small(tmp_path_factory.mktemp("corpus") / "small")


@pytest.fixture(scope="module")
def release(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release") / "small"
    build_release(corpus, out)
    return out


def read_folder(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_each_build_gives_the_same_bytes_and_replaces_the_old_release(
    corpus: Corpus, release: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    build_release(corpus, again, refs=False)
    build_release(corpus, again)
    assert read_folder(again) == read_folder(release)
    assert list(tmp_path.iterdir()) == [again]


@pytest.mark.parametrize("name", ["notes.txt", "documents/notes/plan.txt", "README.md"])
def test_a_release_with_other_files_is_not_replaced(
    corpus: Corpus, release: Path, tmp_path: Path, name: str
) -> None:
    out = Path(shutil.copytree(release, tmp_path / "out"))
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    with (out / name).open("a", encoding="utf-8") as file:
        file.write("mine")
    before = read_folder(out)
    with pytest.raises(DataError, match=f"added or changed after its build: {name}"):
        build_release(corpus, out)
    assert read_folder(out) == before


def test_release_contains_the_redistributable_documents(corpus: Corpus, release: Path) -> None:
    opened = [document for document in corpus.documents if document.id != "d"]
    assert sorted(registry.read(str(release)), key=lambda d: d.id) == opened
    assert Release.open(release).documents()["test"] == [opened[2]]


def test_restricted_document_has_offsets_and_hashes_only(release: Path) -> None:
    opened = Release.open(release)
    (_, restricted) = opened.standoff()["test"]
    salt = opened.manifest.salt
    assert (restricted.id, restricted.length, restricted.hash) == (
        "d",
        len(SECRET),
        salted_hash(SECRET, salt, 16),
    )
    assert [(m.start, m.end, m.label, m.ref, m.hash) for m in restricted.entities] == [
        (0, 18, "PER", "ref-0", salted_hash("Eustache Malvoisin", salt, 8)),
        (67, 75, "LOC", "ref-1", salted_hash("Vaucluse", salt, 8)),
    ]
    assert restricted.meta == {"lang": "fr"}  # the title is restricted text
    assert (restricted.rights.holder, restricted.rights.redistributable) == (
        "The Canal Gazette",
        False,
    )


def test_no_refs_removes_the_refs_of_restricted_mentions(corpus: Corpus, tmp_path: Path) -> None:
    build_release(corpus, tmp_path / "r", refs=False)
    (opened, restricted) = Release.open(tmp_path / "r").standoff()["test"]
    assert {mention.ref for mention in restricted.entities} == {None}
    assert {mention.ref for mention in opened.entities} == {"ref-0", "ref-1"}


def test_datasets_loads_text_labels_and_relations(release: Path, tmp_path: Path) -> None:
    load_dataset = datasets.load_dataset
    cache = str(tmp_path)
    documents = load_dataset(str(release), "documents", cache_dir=cache)
    assert list(documents) == ["train", "dev", "test"]
    (row,) = documents["test"]
    label = documents["test"].features["entities"].feature["label"]
    found = [
        (row["text"][e["start"] : e["end"]], label.int2str(e["label"])) for e in row["entities"]
    ]
    assert (row["text"], found) == ("Zoé vit à Oslo, dit-on 🙂.", [("Zoé", "PER"), ("Oslo", "LOC")])
    assert row["rights"]["holder"] == "Nobody"
    assert json.loads(row["meta"]) == {"lang": "fr", "title": "Zoé !"}
    (tokens,) = load_dataset(str(release), cache_dir=cache, split="test")  # the default
    assert tokens["tokens"][:4] == ["Zoé", "vit", "à", "Oslo"]
    assert tokens["ner_tags"][:5] == [1, 0, 0, 3, 0]  # O, B-PER, I-PER, B-LOC, I-LOC
    assert (tokens["id"], tokens["document_id"]) == ("c-1", "c")
    (relation,) = load_dataset(str(release), "relations", cache_dir=cache, split="test")
    assert (relation["head"]["text"], relation["label"], relation["tail"]["text"]) == (
        "Zoé", 0, "Oslo",
    )  # fmt: skip
    assert len(load_dataset(str(release), "standoff", cache_dir=cache, split="test")) == 2


def test_card_describes_the_release_and_invents_no_figures(release: Path) -> None:
    card = (release / "README.md").read_text(encoding="utf-8")
    assert "license: cc0-1.0" in card
    assert "| `documents` | a document with its text, mentions, relations, metadata and rights | 1 | 1 | 1 |" in card  # fmt: skip # noqa: E501
    assert "| PER | a person | une personne |" in card
    assert "**Not redistributable: 1 of 4 documents.**" in card
    assert "- config_name: hf-tokens\n  data_files:" in card
    assert card.count("default: true") == 1
    assert "The beginning of `a` (train):\n\n> Ana vit à Rome, dit-on 🙂." in card
    assert "| Ana | PER | ref-0 |" in card
    assert "- Ana LIVES_IN Rome" in card
    assert "No scores were provided" in card
    assert "No agreement was provided" in card
    datasheet = (release / "DATASHEET.md").read_text(encoding="utf-8")
    assert "has no README.md" in datasheet
    assert "protect integrity, not secrecy" in datasheet


LEAKED = SECRET[10:70]


@pytest.mark.parametrize(
    ("file", "old", "new", "output", "row"),
    [
        ("schema.toml", "a person", "a|b", "README.md", r"| PER | a\|b | une personne |"),
        ("corpus.toml", "Nobody", "A | B", "DATASHEET.md", r"| CC0-1.0 | A \| B | tests |"),
    ],
)
def test_pipes_stay_in_their_cell(
    file: str, old: str, new: str, output: str, row: str, tmp_path: Path
) -> None:
    changed = releases.folder(tmp_path / "small") / file
    changed.write_text(changed.read_text().replace(old, new))
    build_release(Corpus.open(tmp_path / "small"), tmp_path / "r")
    assert row in (tmp_path / "r" / output).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("planted", "file"),
    [
        ({"meta": {"title": LEAKED}}, "documents/train.parquet"),
        ({"meta": {"note": {"deep": [LEAKED.upper()]}}}, "documents"),
        ({"meta": {"note": {"deep": [LEAKED.replace(" ", "\u00a0\n")]}}}, "documents"),
        ({"text": f"Ana vit à Rome. {LEAKED}"}, "tokens/train.parquet"),
        ({"text": "Ana vit à Rome. " + SECRET[-62:].replace("«", "“").replace("»", "”")}, "tokens"),
    ],
)
def test_restricted_text_in_an_open_document_stops_the_build(
    planted: dict[str, object], file: str, tmp_path: Path
) -> None:
    folder = releases.folder(tmp_path / "small")
    releases.change(folder, "a", **planted)
    with pytest.raises(DataError, match="contains restricted text") as caught:
        build_release(Corpus.open(folder), tmp_path / "r")
    assert file in "\n".join(str(problem.file) for problem in caught.value.problems)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_short_run_in_the_readme_of_the_corpus_stops_the_build(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    (folder / "README.md").write_text(f"# Small\n\nFor example: {SECRET[-40:]}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        build_release(Corpus.open(folder), tmp_path / "r")
    assert {problem.file for problem in caught.value.problems} == {"README.md", "DATASHEET.md"}


def write_figures(tmp_path: Path, system: str) -> Figures:
    ratios = {"precision": 1.0, "recall": None, "f1": 0.5, "ci": {"f1": [0.25, 0.75]}}
    schemes = {"exact": {"micro": ratios}, "semeval-type": {"micro": ratios}}
    report = {"entities": schemes, "relations": {}}
    runs = [{"split": "test", "system": system, "task": "entities", "report": report}]
    pair = {"annotators": ["x/one", "x/two"], "documents": 3, "f1": {"spans": {"micro": {"f1": 1}}}}
    apart = {**pair, "annotators": ["x/one", "x/three"], "documents": 0}
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"runs": runs, "pairs": [pair, apart], "texts": [SECRET]}))
    return read_figures([file], schemes=["exact"])


def test_card_takes_only_numbers_from_the_figures_file(corpus: Corpus, tmp_path: Path) -> None:
    build_release(corpus, tmp_path / "r", figures=write_figures(tmp_path, "ours"))
    card = (tmp_path / "r" / "README.md").read_text(encoding="utf-8")
    assert "| test | ours | entities | exact | 1.000 | – | 0.500 [0.25, 0.75] |" in card
    assert "| one, two | 3 | spans | 0 | 0 | 1.000 |" in card
    assert "three" not in card  # no document in common with another annotator


@pytest.mark.parametrize("system", [LEAKED, "the Malvoisin model", "Eustache  Malvoisin"])
def test_restricted_text_in_figures_stops_the_build(
    corpus: Corpus, tmp_path: Path, system: str
) -> None:
    if system == "the Malvoisin model":  # a part of a mention is not a mention
        build_release(corpus, tmp_path / "r", figures=write_figures(tmp_path, system))
        return
    with pytest.raises(DataError, match=r"README\.md.*contains restricted text"):
        build_release(corpus, tmp_path / "r", figures=write_figures(tmp_path, system))
    assert not (tmp_path / "r").exists()


def test_mention_that_an_open_document_contains_is_allowed(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    releases.change(folder, "a", text="Ana vit à Rome, non à Vaucluse.")
    build_release(Corpus.open(folder), tmp_path / "r")
    assert "Vaucluse" in "\n".join(read_strings(tmp_path / "r" / "documents" / "train.parquet"))


def test_all_problems_are_reported_and_nothing_is_written(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    releases.change(folder, "a", meta={"holder": "Someone"})
    releases.change(folder, "b", entities=[], relations=[{"head": "x", "tail": "x", "label": "Y"}])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(DataError) as caught:
        build_release(Corpus.open(folder), tmp_path / "mine")
    kinds = {problem.kind for problem in caught.value.problems}
    assert {"not-a-release", "missing-rights", "dangling-relation"} <= kinds
    assert read_folder(tmp_path / "mine") == {"notes.txt": b"keep me"}


def test_corpus_without_open_documents_or_relations_can_be_released(tmp_path: Path) -> None:
    folder = releases.folder(tmp_path / "small")
    for id_ in "abc":
        (folder / "gold" / f"{id_}.json").unlink()
    (folder / "splits.toml").write_text('test = ["d"]\n')
    notes = build_release(Corpus.open(folder), tmp_path / "r")
    assert notes == tuple(
        f"{config}: no rows, so these splits cannot be loaded: test"
        for config in ("hf-tokens", "documents", "relations")
    )
    assert Release.open(tmp_path / "r").documents() == {"test": []}
    loaded = datasets.load_dataset(str(tmp_path / "r"), cache_dir=str(tmp_path / "cache"))
    assert [list(rows["id"]) for rows in loaded.values()] == [["d"]]  # the config `standoff`
    assert "load_dataset(" not in (tmp_path / "r" / "README.md").read_text(encoding="utf-8")


EMPTY_TEST = {
    "hf-tokens": {"train": 1, "dev": 2},
    "documents": {"train": 1, "dev": 2},
    "relations": {"train": 1},
    "standoff": {"train": 1, "dev": 2, "test": 1},
}
"""Rows of each config if every document of test is restricted, and dev has no relations."""


@pytest.mark.filterwarnings("ignore")  # mlcroissant's own
@pytest.mark.parametrize("streaming", [False, True])
def test_a_split_without_rows_is_left_out_of_the_config(tmp_path: Path, streaming: bool) -> None:
    folder = releases.folder(tmp_path / "small")
    (folder / "splits.toml").write_text('train = ["a"]\ndev = ["b", "c"]\ntest = ["d"]\n')
    for id_ in "bc":
        releases.change(folder, id_, relations=[])
    corpus = Corpus.open(folder)
    assert build_release(corpus, tmp_path / "r") == (
        "hf-tokens: no rows, so these splits cannot be loaded: test",
        "documents: no rows, so these splits cannot be loaded: test",
        "relations: no rows, so these splits cannot be loaded: dev, test",
    )
    loaded = {
        config: datasets.load_dataset(
            str(tmp_path / "r"), config, cache_dir=str(tmp_path / "cache"), streaming=streaming
        )
        for config in EMPTY_TEST
    }
    rows = {
        config: {split: len(list(table)) for split, table in splits.items()}
        for config, splits in loaded.items()
    }
    assert rows == EMPTY_TEST
    card = (tmp_path / "r" / "README.md").read_text(encoding="utf-8")
    assert "A split with 0 rows is not part of the config" in card
    if not streaming:
        assert check_release(Release.open(tmp_path / "r"), corpus).problems == ()
