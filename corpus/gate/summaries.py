"""The result of the corpus gate as text, Markdown and JUnit XML.

JUnit XML has no standard; the elements are those that GitHub, GitLab and Jenkins read: one test
suite for each part, with one failed test case for each kind of problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from aloi.corpus.gate.results import GatePart, GateResult, Verdict
from aloi.corpus.problems import Problem, count_noun, printable

MAX_LISTED = 50
"""The number of problems of one kind that a summary lists; the others are counted."""

_MARKDOWN_SYNTAX = re.compile(r"[\\`*_\[\]<>|#~&$]")

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that XML 1.0 cannot contain."""


def gate_lines(result: GateResult) -> Iterator[str]:
    """Yield one line per part with its details, and the verdict on the corpus."""
    for part in result.parts:
        yield f"{part.name}: {part.verdict}: {part.summary}"
        yield from (f"  {line}" for line in part.details)
    yield f"{result.corpus}: {result.verdict}"


def gate_markdown(result: GateResult) -> str:
    """Return the result as Markdown: a table of the parts, then their problems and details."""
    rows = (
        f"| {part.name} | {_MARKS[part.verdict]} {part.verdict} | {_escape(part.summary)} |"
        for part in result.parts
    )
    head = f"## Corpus gate: {_escape(result.corpus)} {result.verdict}"
    table = "\n".join(["| part | verdict | summary |", "|---|---|---|", *rows])
    return "\n\n".join([head, table, *filter(None, map(_markdown_section, result.parts))]) + "\n"


_MARKS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.SKIPPED: "⏭️"}


def _markdown_section(part: GatePart) -> str:
    """Return the problems and details of a part as lists, or an empty string without any."""
    problems = [line for group in part.by_kind().values() for line in _listed(group)]
    lines = [f"- {_escape(line)}" for line in (*problems, *part.details)]
    return "\n".join([f"### {part.name}", "", *lines]) if lines else ""


def _escape(text: str) -> str:
    return _MARKDOWN_SYNTAX.sub(r"\\\g<0>", printable(text))


def gate_junit(result: GateResult) -> str:
    """Return the result as JUnit XML."""
    root = ElementTree.Element("testsuites", name=f"aloi corpus gate: {_xml(result.corpus)}")
    for part in result.parts:
        _add_suite(root, part)
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(root: ElementTree.Element, part: GatePart) -> None:
    kinds = part.by_kind()
    counts = {"tests": len(kinds) or 1, "failures": len(kinds), "errors": 0}
    counts["skipped"] = int(part.verdict is Verdict.SKIPPED)
    attributes = {"name": part.name} | {name: str(number) for name, number in counts.items()}
    suite = ElementTree.SubElement(root, "testsuite", attributes)
    for kind, problems in kinds.items():
        case = _add_case(suite, part, kind)
        message = count_noun(len(problems), "problem")
        failure = ElementTree.SubElement(case, "failure", type=_xml(kind), message=message)
        failure.text = _xml("\n".join(_listed(problems)))
    if not kinds:
        case = _add_case(suite, part, part.name)
        if part.verdict is Verdict.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=_xml(part.summary))
    output = ElementTree.SubElement(suite, "system-out")
    output.text = _xml("\n".join((part.summary, *part.details)))


def _add_case(suite: ElementTree.Element, part: GatePart, name: str) -> ElementTree.Element:
    case = {"classname": f"corpus.{part.name}", "name": _xml(name), "time": "0"}
    return ElementTree.SubElement(suite, "testcase", case)


def _listed(problems: Sequence[Problem]) -> list[str]:
    """Return the first problems of one kind as lines, with the number of the others."""
    more = len(problems) - MAX_LISTED
    counted = [f"{count_noun(more, 'more problem')} [{problems[0].kind}]"] if more > 0 else []
    return [*map(str, problems[:MAX_LISTED]), *counted]


def _xml(text: str) -> str:
    """Return text without characters that XML cannot contain."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
