"""A trained pipeline is pushed with its model card, scores and licence, or not at all."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from hub import Hub
from toy_releases import Run

# huggingface_hub passes files to its HTTP library in a deprecated way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

TO = ("--repo", "org/ner", "--tag", "v1.0.0", "--execute")
REPORT = {"analysis": {"errors": {"missed": 1}}}
SCORES = {"runs": [{"split": "test", "system": "ner", "task": "entities", "report": REPORT}]}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a pipeline as training writes it, with a licence and a notice."""
    nlp = spacy.blank("fr")
    nlp.meta.update(name="ner", license="LGPL-LR", aloi={})
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "model" / "NOTICE").write_text("Trained from fr_core_news_md.\n")
    return tmp_path / "model"


@pytest.mark.slow
def test_pushed_pipeline_is_downloaded_by_its_tag_and_loads(
    hub: Hub, environment: dict[str, str], aloi: Run, model: Path
) -> None:
    scores = model.parent / "eval.json"
    quoting = {"analysis": {**REPORT["analysis"], "frequent_errors": [{"context": "« Ana »"}]}}
    scores.write_text(json.dumps({"runs": [{**SCORES["runs"][0], "report": quoting}]}))
    done = aloi("release", "push-model", model, *TO, "--evaluation", scores)
    assert done.returncode == 0, done.stderr
    files = hub.repos["org/ner"].head.files
    assert files["NOTICE"] == (model / "NOTICE").read_bytes()
    assert json.loads(files["evaluation.json"]) == SCORES
    assert files["README.md"].startswith(b"---\n")
    code = (
        "import spacy\nfrom huggingface_hub import snapshot_download\n"
        "nlp = spacy.load(snapshot_download('org/ner', revision='v1.0.0'))\n"
        "print(nlp.meta['license'], [token.text for token in nlp('Ana vit à Rome.')])"
    )
    downloaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert downloaded.stdout == "LGPL-LR ['Ana', 'vit', 'à', 'Rome', '.']\n", downloaded.stderr


def change_meta(model: Path, **changes: object) -> None:
    file = model / "meta.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda model: change_meta(model, license=""), "no-licence"),
        (lambda model: (model / "NOTICE").unlink(), "no-notice"),
        (lambda model: (model / "NOTICE").write_text("\n"), "no-notice"),
        (lambda model: change_meta(model, aloi={"redistributable": False}), "restricted-model"),
        (
            lambda model: change_meta(model, aloi={"ner": {"redistributable": False}}),
            "restricted-model",
        ),
        (lambda model: (model / "meta.json").unlink(), "bad-file"),
    ],
)
def test_pipeline_that_must_not_be_published_is_rejected(
    hub: Hub, aloi: Run, model: Path, change: Callable[[Path], object], kind: str
) -> None:
    """The licence or notice is missing, or a part was trained on restricted data."""
    change(model)
    done = aloi("release", "push-model", model, *TO)
    assert done.returncode == 1
    assert f"[{kind}]" in done.stderr
    assert not hub.requests
