"""Reports contain no text of restricted documents, unless it is requested; then they are marked."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
import releases
from report_pages import page_documents

from aloi.cli.main import main
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.scale import shards
from aloi.eval.reports import distributed
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report, build_report, evaluate
from aloi.eval.reports.scoring import ScoringOptions
from aloi.eval.reports.summary import SystemReport
from aloi.eval.scoring_choices import EvaluationOptions
from aloi.models.studies.experiment_report import ExperimentResult

SECRET = (
    "Eustache Malvoisin habite une maison de pierre au bord du canal. "
    "À Vaucluse il cultive des roses noires que nul n'a jamais vues."
)
PLACE = SECRET.index("Vaucluse")
LONG_VALUE = "une phrase entière tirée de l'article lui-même"
FORBIDDEN = [
    {"redistributable": False},
    {"redistributable": "no"},
    {"rights": "not redistributable"},
]


COPIES = 3
"""Enough documents for a group of a slice, and for a frequent error."""


def secret(
    id_: str = "secret",
    *,
    mentions: Iterable[int] = (0, 1),
    meta: dict[str, object] | None = None,
) -> Document:
    """Return the restricted document with the given mentions of two; a relation joins both."""
    kept = set(mentions)
    both = (
        Entity(id="a", start=0, end=18, label="PER", attributes={"note": LONG_VALUE}),
        Entity(id="b", start=PLACE, end=PLACE + 8, label="LOC"),
    )
    arcs = (Relation(head="a", tail="b", label="LIVES_IN"),) if len(kept) == 2 else ()
    return Document(id_, SECRET, tuple(both[n] for n in sorted(kept)), arcs, meta or {})


def open_document(id_: str, *, with_mention: bool = True) -> Document:
    ana = (Entity(id="a", start=0, end=3, label="PER"),) if with_mention else ()
    return Document(id_, "Ana vit ici, dit-on.", ana, (), {"theme": "a theme"})


def evaluate_both(**options: bool) -> Report:
    """Return the report of copies of both documents without predictions; one has long metadata."""
    meta: dict[str, object] = {**FORBIDDEN[0], "theme": LONG_VALUE, "title": LONG_VALUE}
    gold, pred = [], []
    for number in range(COPIES):
        names = f"secret{number}", f"open{number}"
        gold += [secret(names[0], meta=meta), open_document(names[1])]
        pred += [secret(names[0], mentions=()), open_document(names[1], with_mention=False)]
    return evaluate(gold, pred, **options)


def output(report: Report) -> str:
    return json.dumps(report.to_json(), ensure_ascii=False) + render_page(report)


def leaks(text: str) -> list[str]:
    words = ["Eustache", "Malvoisin", "Vaucluse", "maison", "roses", "jamais", "tirée"]
    return [word for word in words if word in text]


def test_the_default_report_has_offsets_instead_of_text() -> None:
    report = evaluate_both()
    assert leaks(output(report)) == []
    content = report.to_json()
    assert content["restricted_documents"] == ["secret0", "secret1", "secret2"]
    assert "contains_restricted_text" not in content
    cases = {case["surface"]: case for case in content["analysis"]["frequent_errors"]}
    assert cases.keys() == {"Ana", "characters 0 to 18", f"characters {PLACE} to {PLACE + 8}"}
    assert cases["Ana"]["context"] == "»Ana« vit ici, dit-on."
    case = cases["characters 0 to 18"]
    assert (case["gold"], case["context"]) == (("PER", 0, 18), "characters 0 to 18")
    assert case["withheld"]
    assert content["analysis"]["slices"]["entities"]["theme"].keys() == {"a theme", "withheld"}


def test_requested_text_is_kept_and_the_report_is_marked() -> None:
    report = evaluate_both(restricted_text=True)
    content = report.to_json()
    assert content["contains_restricted_text"] is True
    assert leaks(json.dumps(content, ensure_ascii=False))
    assert SECRET in render_page(report)
    header = render_page(report).partition("<main>")[0]
    assert "contains text that must not be redistributed (contains_restricted_text)" in header


@pytest.mark.parametrize("meta", FORBIDDEN)
@pytest.mark.parametrize("side", ["gold", "pred"])
def test_metadata_of_either_side_can_restrict_a_document(
    meta: dict[str, object], side: str
) -> None:
    gold = secret(meta=meta if side == "gold" else {})
    pred = secret(mentions=(), meta=meta if side == "pred" else {})
    assert leaks(output(evaluate([gold], [pred])).replace(LONG_VALUE, "")) == []
    assert leaks(output(evaluate([secret()], [secret(mentions=())])))


def test_the_example_of_an_error_is_from_an_open_document() -> None:
    """Zoé is missed in both documents, and first in the restricted one."""
    texts = {"secret": "Zoé, Malvoisin de son nom, est là.", "open": "Zoé vit à Oslo."}
    zoe = (Entity(id="z", start=0, end=3, label="PER"),)
    gold = [Document(id_, text, zoe) for id_, text in texts.items()]
    pred = [Document(id_, text, ()) for id_, text in texts.items()]
    content = evaluate(gold, pred, restricted={"secret"}).to_json()
    (case,) = content["analysis"]["frequent_errors"]
    assert (case["count"], case["document"], case["surface"]) == (2, "open", "Zoé")
    assert leaks(json.dumps(content)) == []


def test_counts_and_scores_do_not_depend_on_the_text() -> None:
    with_text, without = evaluate_both(restricted_text=True).to_json(), evaluate_both().to_json()
    for name in ("entities", "relations", "documents"):
        assert with_text[name] == without[name]
    for name in ("errors", "confusion", "missed_relations"):
        assert with_text["analysis"][name] == without["analysis"][name]
    hidden = page_documents(render_page(evaluate_both()))["secret0"]
    assert hidden["text"] is None
    gold = hidden["gold"]
    assert (hidden["counts"], len(gold["spans"]), len(gold["arcs"])) == ([0, 0, 2, 0, 0, 1], 2, 1)


def test_a_sharded_report_contains_no_text(tmp_path: Path) -> None:
    options, summaries = EvaluationOptions(), []
    for name, side in (("gold", secret(meta=FORBIDDEN[0])), ("pred", secret(mentions=()))):
        document_files.write([side], tmp_path / f"{name}.jsonl")
        summaries.append(
            list(map(shards.summarize_shard, shards.plan_shards(str(tmp_path / f"{name}.jsonl"))))
        )
    work = distributed.make_worker(
        ScoringOptions.of(options), allow_missing=False, by_document=True
    )
    parts = [work(task) for task in distributed.plan_tasks(*summaries)]
    report = build_report(distributed.merge_scores(parts), options)
    assert leaks(json.dumps(report.to_json())) == []


@pytest.mark.parametrize("kept", [True, False])
def test_restricted_text_in_the_files_of_an_experiment(tmp_path: Path, kept: bool) -> None:
    runs = [SystemReport("test", "ner", "entities", evaluate_both(restricted_text=kept))]
    ExperimentResult(runs, {}, "toy").write(tmp_path)
    names = ("eval.json", "eval.md", "test-ner.html")
    texts = [(tmp_path / "reports" / name).read_text(encoding="utf-8") for name in names]
    assert ["contains_restricted_text" in text for text in texts] == [kept] * 3
    assert [bool(leaks(text)) for text in texts] == [kept] * 3
    assert json.loads(texts[0]).get("contains_restricted_text") is (True if kept else None)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["aloi", "eval", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("kept", [True, False])
def test_restricted_text_in_the_files_of_eval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """The corpus restricts the document, its own metadata does not."""
    corpus = releases.folder(tmp_path / "small")
    documents = document_files.read(corpus)
    pred = [msgspec.structs.replace(each, entities=(), relations=()) for each in documents]
    document_files.write(pred, tmp_path / "pred.jsonl")
    files = {name: tmp_path / f"r.{name}" for name in ("json", "html", "markdown", "latex", "csv")}
    options = [part for name, file in files.items() for part in (f"--{name}", file)]
    if kept:
        options.append("--with-restricted-text")
    assert run(monkeypatch, corpus, tmp_path / "pred.jsonl", *options) == 0
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    leaking = {name for name, text in texts.items() if "Malvoisin" in text or "roses" in text}
    assert leaking == ({"html"} if kept else set())  # no error occurs twice, so none is in JSON
    marked = {name for name, text in texts.items() if "contains_restricted_text" in text}
    assert marked == ({"json", "html", "markdown"} if kept else set())


def test_restricted_text_is_rejected_with_ray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document_files.write([secret()], tmp_path / "gold.jsonl")
    sides = (tmp_path / "gold.jsonl", tmp_path / "gold.jsonl")
    assert run(monkeypatch, *sides, "--engine", "ray", "--with-restricted-text") == 2
    assert "--with-restricted-text" in capsys.readouterr().err
