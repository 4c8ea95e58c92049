"""The slope is that of least squares, shares grow by whole events, the sentence fits the gain."""

import io
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import folder, sentence

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus, Manifest
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.corpus.schema import Schema
from aloi.models.studies.curve_files import write_curve
from aloi.models.studies.learning_curve import (
    CurvePoint,
    CurveSettings,
    DoublingGain,
    LearningCurve,
    estimate_gain,
    fit_slope,
    measure_points,
    take_share,
)


def test_the_slope_of_a_hand_worked_case() -> None:
    # log2 of 2, 4, 8 is 1, 2, 3, about its mean -1, 0, 1. A line of 0.1 a step has slope 0.1;
    # 0.1, 0.3, 0.2 gives (-1·0.1 + 1·0.2) / 2 = 0.05; equal scores give 0.
    f1 = np.array([[0.1, 0.2, 0.3], [0.1, 0.3, 0.2], [0.4, 0.4, 0.4]])
    assert fit_slope([2, 4, 8], f1) == pytest.approx([0.1, 0.05, 0.0])


@given(
    st.lists(st.integers(1, 500), min_size=2, max_size=6, unique=True),
    st.data(),
)
def test_the_slope_is_numpy_s(documents: list[int], data: st.DataObject) -> None:
    f1 = data.draw(st.lists(st.floats(0, 1), min_size=len(documents), max_size=len(documents)))
    expected = np.polyfit(np.log2(documents), f1, 1)[0]
    assert fit_slope(documents, np.array(f1)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("gain", "conclusion"),
    [
        (DoublingGain(0.03, 0.01, 0.05), "would likely add a similar gain"),
        (DoublingGain(0.03, -0.01, 0.07), "the interval includes 0"),
        (DoublingGain(0.03, 0.0, 0.07), "the interval includes 0"),
        (DoublingGain(-0.03, -0.05, -0.01), "more documents lowered F1"),
    ],
)
def test_the_conclusion_follows_from_the_interval(gain: DoublingGain, conclusion: str) -> None:
    assert conclusion in str(gain)
    assert f"{gain.slope:+.3f} F1 on dev" in str(gain)


@given(st.lists(st.none() | st.sampled_from("abcdefgh"), min_size=1, max_size=30))
def test_shares_are_nested_and_no_event_is_split(events: list[str | None]) -> None:
    documents = [
        Document(f"d{n}", "x", (), meta={} if event is None else {"event": event})
        for n, event in enumerate(events)
    ]
    shares = [take_share(documents, share) for share in (1, 25, 50, 100)]
    for smaller, larger in pairwise(shares):
        assert larger[: len(smaller)] == smaller
    assert len(shares[-1]) == len(documents)
    for share, wanted in zip(shares, (0.01, 0.25, 0.5, 1), strict=True):
        assert len(share) >= wanted * len(documents)
        inside = {d.meta["event"] for d in share if d.meta}
        outside = {d.meta["event"] for d in documents if d not in share and d.meta}
        assert not inside & outside


@pytest.fixture
def settings(tmp_path: Path) -> CurveSettings:
    manifest = Manifest("toy", "1", "CC0-1.0", restricted=("d3",))
    document_files.write([sentence(number) for number in range(6)], tmp_path / "corpus" / "gold")
    splits = {"train": ("d0", "d1", "d3"), "dev": ("d4", "d5")}
    corpus = Corpus(tmp_path / "corpus", manifest, Schema("toy", "1", {}), splits)
    return CurveSettings(corpus, tmp_path / "out", "ner", bootstrap=200)


def point(settings: CurveSettings, documents: int, found: int) -> CurvePoint:
    """Return a point where `found` of the three mentions are right in each of 7 dev documents.

    All three are right in the eighth.
    """
    gold = [sentence(number) for number in range(8)]
    pred = [
        Document(d.id, d.text, d.entities[: found if number else 3])
        for number, d in enumerate(gold)
    ]
    report = settings.score(gold, pred)
    return CurvePoint(documents, documents, 0, report, settings.result(report))


def test_restricted_documents_are_not_used(settings: CurveSettings) -> None:
    assert [document.id for document in settings.usable_documents("train", "dev")] == [
        "d0",
        "d1",
        "d4",
        "d5",
    ]


@pytest.mark.slow
def test_the_train_documents_of_another_corpus_are_part_of_every_training_set(
    tmp_path: Path,
) -> None:
    corpus = Corpus.open(folder(tmp_path / "one", name="one"))
    also = Corpus.open(folder(tmp_path / "two", "d27", name="two", first=26))
    steps = {"training.max_steps": 2, "training.eval_frequency": 1}
    settings = CurveSettings(corpus, tmp_path / "out", "ner", steps, bootstrap=10, also=also)
    point = next(measure_points(settings, [25, 100], log=io.StringIO()))
    trained = {d.id for d in document_files.read(tmp_path / "out" / "ner-25" / "train.jsonl")}
    # 16 train documents of `two`, without the restricted one, and a quarter of those of `one`.
    assert {d.id for d in also.split("train")} - {"d27"} < trained
    assert len(trained) == 15 + 4
    assert point.documents == 4


def test_another_corpus_with_the_dev_documents_is_refused(tmp_path: Path) -> None:
    corpus, also = (
        Corpus.open(folder(tmp_path / name, name=name, first=first))
        for name, first in (("one", 0), ("two", 16))
    )
    with pytest.raises(DataError, match="the id is also in one, split dev, document d16"):
        CurveSettings(corpus, tmp_path / "out", "ner", also=also).fixed_documents()


def test_the_interval_contains_the_slope_and_replicates_are_paired(settings: CurveSettings) -> None:
    # One more mention is found in 7 of 8 documents at each doubling.
    grown = estimate_gain([point(settings, n, n) for n in (1, 2)], bootstrap=200, seed=0)
    assert 0 < grown.low <= grown.slope <= grown.high
    # The same predictions at both sizes: every replicate has the slope 0, since both points draw
    # the same documents.
    same = estimate_gain([point(settings, 1, 2), point(settings, 2, 2)], bootstrap=200, seed=0)
    assert (same.slope, same.low, same.high) == (0, 0, 0)


def test_scores_and_drawing_are_reproducible(settings: CurveSettings) -> None:
    points = tuple(point(settings, n, n) for n in (1, 2))
    names = ("curve.json", "curve.svg")
    written = []
    for _ in range(2):
        gain = estimate_gain(points, bootstrap=200, seed=0)
        write_curve(LearningCurve(settings, points, gain))
        written.append([(settings.out / name).read_bytes() for name in names])
    assert written[0] == written[1]
    assert ElementTree.parse(settings.out / "curve.svg").getroot().tag.endswith("svg")
    assert b"<dc:date>" not in written[0][1]
