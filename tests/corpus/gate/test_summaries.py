"""The summaries of a gate: Markdown and JUnit XML."""

from xml.etree import ElementTree

from aloi.corpus.gate.results import GatePart, GateResult
from aloi.corpus.gate.summaries import gate_junit, gate_lines, gate_markdown
from aloi.corpus.problems import Problem

LEAKS = tuple(Problem("leak", f"text {n} is in two splits", "Move it", "d") for n in range(52))
RESULT = GateResult(
    "toy 1",
    (
        GatePart("check", "53 problems", (*LEAKS, Problem("odd", "a\x00|b\ufffe", "Fix <it>"))),
        GatePart("review", "0 open findings"),
        GatePart("diff", "no tag", skipped=True),
        GatePart("scores", "1 score compared", details=("micro F1: +0.010",)),
    ),
)


def test_junit_has_a_suite_per_part_and_a_case_per_kind_of_problem() -> None:
    root = ElementTree.fromstring(gate_junit(RESULT).encode())
    suites = {suite.get("name"): suite for suite in root}
    counts = {
        name: [suite.get(key) for key in ("tests", "failures", "skipped")]
        for name, suite in suites.items()
    }
    assert counts == {
        "check": ["2", "2", "0"],
        "review": ["1", "0", "0"],
        "diff": ["1", "0", "1"],
        "scores": ["1", "0", "0"],
    }
    leak, odd = suites["check"].iter("failure")
    assert leak.get("message") == "52 problems"
    lines = (leak.text or "").splitlines()
    assert len(lines) == 51
    assert lines[-1] == "2 more problems [leak]"
    assert odd.text == "a\\x00|b\ufffd [odd]. Fix <it>."
    output = suites["scores"].find("system-out")
    assert output is not None
    assert output.text == "1 score compared\nmicro F1: +0.010"


def test_markdown_has_a_table_of_the_parts_and_lists_of_problems() -> None:
    text = gate_markdown(RESULT)
    assert text.startswith("## Corpus gate: toy 1 failed\n\n| part | verdict | summary |\n")
    assert "| diff | ⏭️ skipped | no tag |" in text
    assert "### scores\n\n- micro F1: +0.010" in text
    assert "- 2 more problems \\[leak\\]" in text
    assert "- a\\\\x00\\|b\ufffe \\[odd\\]. Fix \\<it\\>." in text
    assert "### review" not in text


def test_the_lines_end_with_the_verdict() -> None:
    assert list(gate_lines(RESULT))[-1] == "toy 1: failed"
