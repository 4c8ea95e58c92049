"""Problems are printed as one line, whatever the data contain."""

import pytest

from aloi.corpus.problems import Problem, printable, table_cell


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zoé «Ana» 日本 🙂\u202f!\u00a0", "Zoé «Ana» 日本 🙂\u202f!\u00a0"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\r\nb\u2028c\x85", "a\\r\\nb\\u2028c\\x85"),
        ("\u202eana\u200b", "\\u202eana\\u200b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_characters_are_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_a_problem_is_one_line() -> None:
    problem = Problem("kind", "what\nProblem: forged", "Fix", document="\x1b]0;title\x07")
    assert str(problem) == "document \\x1b]0;title\\x07: what\\nProblem: forged [kind]. Fix."


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", "plain"), ("a|b|", r"a\|b\|"), (r"a\|b", r"a\|b"), ("a\nb\r\nc", "a b c")],
)
def test_a_cell_of_a_markdown_table_is_one_cell(text: str, expected: str) -> None:
    assert table_cell(text) == expected
