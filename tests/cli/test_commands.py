"""Commands as a user types them, right and wrong."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from toy import sentence

from aloi.corpus import document_files

ROOT = Path(__file__).parents[2]
ENTITY = '{"id": "e", "start": 0, "end": %d, "label": "PER"}'
LINE = '{"id": "%s", "text": "Ana vit à Rome", "entities": [' + ENTITY + "]}\n"


def aloi(*arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    code = "from aloi.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "gold.jsonl"
    file.write_text(LINE % ("a", 3) + LINE % ("b", 3), encoding="utf-8")
    return file


@pytest.fixture
def pred(tmp_path: Path) -> Path:
    file = tmp_path / "pred.jsonl"
    file.write_text(LINE % ("a", 3) + LINE % ("b", 9), encoding="utf-8")
    return file


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom aloi.cli.main import main\nsys.argv = ['aloi', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('spacy', 'numpy', 'pandas', 'rich', 'msgspec') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_eval_prints_tables_and_writes_the_same_as_json(
    gold: Path, pred: Path, tmp_path: Path
) -> None:
    done = aloi("eval", gold, pred, "--json", tmp_path / "r.json", "--bootstrap", 50)
    assert done.returncode == 0, done.stderr
    assert "PER" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert report["signature"] in done.stdout.replace("\n", "")
    row = report["entities"]["exact"]["types"]["PER"]
    assert (row["tp"], row["fp"], row["fn"]) == (1, 1, 1)
    assert row["ci"]["f1"] == [0.0, 1.0]


def test_eval_writes_every_kind_of_file(gold: Path, pred: Path, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"report.{kind}" for kind in ("html", "markdown", "latex", "csv")}
    options = [part for kind, file in files.items() for part in (f"--{kind}", file)]
    done = aloi("eval", gold, pred, "--train", gold, "--full", *options)
    assert done.returncode == 0, done.stderr
    assert "surface in training: seen" in done.stdout
    starts = ("<!DOCTYPE html>", "**entities, exact**", "\\begin{table}", "task,scheme,type")
    for file, start in zip(files.values(), starts, strict=True):
        assert file.read_text(encoding="utf-8").startswith(start)


def test_eval_of_one_scheme_gives_nothing_else(gold: Path, pred: Path, tmp_path: Path) -> None:
    done = aloi("eval", gold, pred, "--scheme", "semeval-partial", "--json", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert list(report["entities"]) == ["semeval-partial"]
    assert "analysis" not in report
    # Ana is right, 'Ana vit à' shares three characters with it: one correct, one partial.
    assert report["entities"]["semeval-partial"]["micro"]["f1"] == 0.75


def test_compare_prints_tables_and_writes_the_same_as_json(
    gold: Path, pred: Path, tmp_path: Path
) -> None:
    done = aloi("compare", gold, pred, gold, "--json", tmp_path / "c.json", "--replicates", 200)
    assert done.returncode == 0, done.stderr
    assert "few: 2" in done.stdout
    assert "0.500 [0.000, " in done.stdout
    found = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert found["signature"] in done.stdout.replace("\n", "")
    assert found["contrasts"][0]["micro"]["f1"]["difference"] == 0.5
    # One of two documents differs: swapping it or not, the difference is as large.
    assert found["contrasts"][0]["micro"]["f1"]["p"] == 1


def test_agree_prints_tables_and_writes_the_same_as_json(
    gold: Path, pred: Path, tmp_path: Path
) -> None:
    done = aloi("annotate", "agree", gold, pred, "--json", tmp_path / "a.json")
    assert done.returncode == 0, done.stderr
    assert "[Ana vit à]" in done.stdout
    assert "is measured on 2 documents, fewer than 30" in done.stderr
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert found["pairs"][0]["f1"]["entities, exact"]["micro"]["f1"] == 0.5
    assert [each["document"] for each in found["disagreements"]] == ["b"]


def test_eval_with_other_texts_says_where_they_part(gold: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(gold.read_text(encoding="utf-8").replace("Rome", "Oslo"), encoding="utf-8")
    done = aloi("eval", gold, other)
    assert done.returncode == 1
    assert "document a: the texts differ at character 10: gold contains 'Rome'" in done.stderr
    assert "2 problems" in done.stderr
    assert "Traceback" not in done.stderr


def test_convert_there_and_back_through_pipes(gold: Path) -> None:
    inline = aloi("convert", gold, "-", "--to", "inline").stdout
    back = aloi("convert", "-", "-", "--from", "inline", "--to", "native", stdin=inline).stdout
    assert [json.loads(line) for line in back.splitlines()] == [
        json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()
    ]


def test_a_broken_input_is_told_and_nothing_is_written(gold: Path, tmp_path: Path) -> None:
    with gold.open("a", encoding="utf-8") as stream:
        stream.write("{\n")
        stream.write(LINE % ("c", 99))
    done = aloi("convert", gold, tmp_path / "out.jsonl", "--to", "native")
    assert done.returncode == 1
    assert f"{gold}:3: the JSON is invalid" in done.stderr
    assert f"{gold}:4: document c: e: the span" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gold.jsonl"]


TRAIN = ("--train", ROOT / "corpus", "--dev", ROOT / "corpus", "--out", "x")


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "x", "y"),
        ("convert", "x", "y", "--to", "nonsense"),
        ("convert", "", "y", "--to", "native"),
        ("convert", ROOT / "corpus", "", "--to", "native"),
        ("corpus", "check", "/nowhere"),
        ("train", "ner", "--train", "/nowhere", "--dev", "/nowhere", "--out", "x"),
        ("train", "ner", "--set", "nonsense"),
        ("train", "ner", *TRAIN, "--teacher", "build"),
        ("train", "pipeline", *TRAIN, "--unlabelled", ROOT / "corpus"),
        ("train", "relations", *TRAIN, "--exclude", ROOT / "corpus"),
        ("train", "attributes", *TRAIN, "--teacher", "x", "--unlabelled", ROOT / "corpus"),
        ("train", "ner", *TRAIN, "--teacher", "x", "--unlabelled", "/nowhere"),
        ("corpus", "review", "/nowhere"),
        ("corpus", "add", "/nowhere", ROOT / "corpus"),
        ("corpus", "card", "/nowhere"),
        ("experiment", "/nowhere"),
        ("eval", "/nowhere", "/nowhere"),
        ("eval", "-", "-"),
        ("eval", ROOT / "corpus", ROOT / "corpus", "--scheme", "nonsense"),
        ("eval", ROOT / "corpus", ROOT / "corpus", "--scheme", "exact", "--html", "x.html"),
        ("eval", ROOT / "corpus", ROOT / "corpus", "--scheme", "facts-ign"),
        ("compare", ROOT / "README.md", ROOT / "README.md"),
        ("compare", "-", "-", ROOT / "README.md"),
        ("annotate", "agree", "-"),
        ("annotate", "agree", ROOT / "README.md"),
        ("predict", "x", ROOT / "README.md"),
        ("predict", "x", ROOT / "README.md", "out.jsonl", "--show"),
        ("predict", "x", ROOT / "README.md", "--html", "x.html", "--engine", "ray"),
        ("predict", "x", ROOT / "README.md", "--show", "--to", "parquet"),
        ("predict", "x", ROOT / "README.md", "--show", "--address", "127.0.0.1:6379"),
        ("release", "wheel", "/nowhere", "--out", "x"),
        ("nonsense",),
    ],
)
def test_a_wrong_call_is_status_2(arguments: tuple[object, ...]) -> None:
    done = aloi(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("predict", "/nowhere", ROOT / "corpus", "-"), "cannot be loaded as a pipeline"),
        (("experiment", ROOT / "corpus", ROOT / "corpus"), "two corpora have the name"),
        (("convert", ROOT / "corpus", "/proc/x/y.jsonl", "--to", "native"), "No such file"),
        (("convert", ROOT / "corpus", ROOT / "eval", "--to", "inline"), "Is a directory"),
    ],
)
def test_bad_data_is_status_1(arguments: tuple[object, ...], told: str) -> None:
    done = aloi(*arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_check_of_our_own_corpus() -> None:
    done = aloi("corpus", "check", ROOT / "corpus")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0 problems\n"


def test_labels_can_be_renamed_and_dropped(gold: Path, tmp_path: Path) -> None:
    labels = tmp_path / "map.toml"
    labels.write_text('[drop]\nPER = "not wanted"\n')
    done = aloi("convert", gold, "-", "--to", "native", "--labels", labels)
    assert '"label"' not in done.stdout
    assert "dropped PER: 2 (not wanted)" in done.stderr


def test_review_lists_likely_mistakes_with_status_1_and_none_with_status_0(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path / "corpus", end=4)
    done = aloi("corpus", "review", corpus, "--json", tmp_path / "r.json")
    assert done.returncode == 1, done.stderr
    assert "document a: e «Ana,»: the mention begins or ends with punctuation [edge]" in done.stdout
    assert "1 edge" in done.stdout
    (finding,) = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["open"]
    assert (finding["rule"], finding["surface"]) == ("edge", "Ana,")
    (corpus / "review.toml").write_text(
        '[[right]]\nrule = "edge"\ndocument = "a"\nsurface = "Ana,"\nwhy = "as printed"\n'
    )
    done = aloi("corpus", "review", corpus)
    assert done.returncode == 0
    assert done.stdout.split() == ["0", "open,", "0", "stale"]


def small_corpus(folder: Path, *, end: int = 3) -> Path:
    """A corpus of one document, whose only mention ends at `end`."""
    (folder / "gold").mkdir(parents=True)
    (folder / "corpus.toml").write_text('name = "small"\nversion = "1"\nlicence = "CC0-1.0"\n')
    (folder / "schema.toml").write_text('name = "s"\nversion = "1"\n[entities]\nPER = {}\n')
    (folder / "splits.toml").write_text('train = ["a"]\n')
    text = "Ana, qui vit à Rome, est partie hier pour Oslo, et elle y restera trois mois."
    entity = {"id": "e", "start": 0, "end": end, "label": "PER"}
    document = {"id": "a", "text": text, "entities": [entity]}
    (folder / "gold" / "a.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_add_writes_to_the_inbox_once(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path / "corpus")
    call = ("corpus", "add", "-", corpus, "--id", "new", "--date", "2020-01-02", "--lang", "fr")
    done = aloi(*call, stdin="Bob est resté.\r\n")
    assert (done.returncode, done.stdout) == (0, f"{corpus}/inbox/new.json\n"), done.stderr
    written = json.loads((corpus / "inbox" / "new.json").read_text(encoding="utf-8"))
    assert (written["text"], written["meta"]["date"]) == ("Bob est resté.", "2020-01-02")
    again = aloi(*call, stdin="Bob est resté.")
    assert again.returncode == 1
    assert "another document has this id" in again.stderr
    assert "document new has the same text" in again.stderr


@pytest.mark.parametrize(
    "options", [(), ("--id", "x", "--date", "hier"), ("--id", "x", "--retrieved", "2020-13-01")]
)
def test_a_wrong_call_of_add_is_status_2(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = aloi("corpus", "add", "-", small_corpus(tmp_path / "c"), *options, stdin="Bob.")
    assert done.returncode == 2


def test_stats_are_printed_written_as_json_and_drawn(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path / "corpus")
    options = ("--json", tmp_path / "s.json", "--plots", tmp_path / "plots")
    done = aloi("corpus", "stats", corpus, *options)
    assert done.returncode == 0, done.stderr
    tables = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert tables["entities"]["PER"]["train"] == 1
    printed = done.stdout.split()  # narrow tables wrap their titles
    assert all(word in printed for title in tables for word in title.split())
    assert len(list((tmp_path / "plots").glob("*.svg"))) == 5


def test_card_writes_the_counts_or_says_what_is_missing(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path / "corpus")
    assert "README.md: No such file" in aloi("corpus", "card", corpus).stderr
    (corpus / "README.md").write_text("<!-- counts -->\n<!-- /counts -->\n")
    assert aloi("corpus", "card", corpus).returncode == 0
    assert "| train | 1 | 16 | 1 | 0 |" in (corpus / "README.md").read_text(encoding="utf-8")


def test_a_cluster_that_is_not_there_is_told(gold: Path) -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:  # bound, and nobody listens
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        done = aloi("eval", gold, gold, "--engine", "ray", "--address", address)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{address}: cannot connect to the Ray cluster: ")
    assert "Traceback" not in done.stderr


def test_without_ray_one_line_says_what_to_install(gold: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'ray' else found(name, *more)\n"
        "from aloi.cli.main import main; main()"
    )
    for asked in (["predict", "x", gold, tmp_path / "out"], ["eval", gold, gold]):
        call = [sys.executable, "-c", code, *map(str, asked), "--engine", "ray"]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            "ray is not installed [no-library]. Run pip install 'aloi[ray]'.",
            "1 problem",
        ]


def test_compare_takes_several_runs_of_a_system(gold: Path, pred: Path, tmp_path: Path) -> None:
    runs = [tmp_path / f"run-{n}.jsonl" for n in (1, 2)]
    runs[0].write_bytes(gold.read_bytes())
    runs[1].write_bytes(pred.read_bytes())
    pattern, both = tmp_path / "run-*.jsonl", ",".join(map(str, runs))
    for other in (pattern, both):
        options = ("--json", tmp_path / "c.json", "--replicates", 50)
        done = aloi("compare", gold, pred, other, *options)
        assert done.returncode == 0, done.stderr
        found = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
        f1 = found["contrasts"][0]["micro"]["f1"]
        assert (f1["baseline"]["runs"], f1["other"]["runs"]) == ([0.5], [1.0, 0.5])
        assert f1["difference"] == 0.25
        assert "has one run" in done.stderr
        assert "types with under 10 in gold" in done.stderr
    missing = aloi("compare", gold, pred, tmp_path / "none-*.jsonl")
    assert missing.returncode == 2
    assert "no file matches the pattern" in missing.stderr


def test_unlabelled_texts_that_are_held_out_are_refused(tmp_path: Path) -> None:
    for name, numbers in {"train": range(6), "dev": range(6, 8), "test": range(8, 80)}.items():
        document_files.write([sentence(number) for number in numbers], tmp_path / f"{name}.jsonl")
    teacher = spacy.blank("fr")
    names = [{"label": "PER", "pattern": "Ana"}, {"label": "LOC", "pattern": "Rome"}]
    teacher.add_pipe("entity_ruler").add_patterns(names)
    teacher.to_disk(tmp_path / "teacher")
    files = [f"--{name}={tmp_path / name}.jsonl" for name in ("train", "dev")]
    call = ("train", "ner", *files, "--out", tmp_path / "out", "--teacher", tmp_path / "teacher")
    texts = tmp_path / "test.jsonl"
    done = aloi(*call, "--unlabelled", texts, "--exclude", texts)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert f"{texts}:1: document d8: the text of this unlabelled document is held out" in lines[0]
    assert lines[-2:] == ["22 more problems [leak]", "72 problems"]
    assert not (tmp_path / "out").exists()
