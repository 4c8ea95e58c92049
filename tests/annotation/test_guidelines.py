"""The guide agrees with the schema, and its examples with both."""

import re
from pathlib import Path

import msgspec
import pytest

from aloi.annotation.guidelines import guide_for, shipped_guide
from aloi.corpus.formats import inline
from aloi.corpus.guides import Guide, explain_label, read_guide, replace_tables
from aloi.corpus.schema import EntityType, load_schema, schema_problems

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "annotation" / "guidelines" / "guide.fr.md").read_text(encoding="utf-8")
SCHEMA = load_schema(ROOT / "corpus" / "schema.toml")
SECTIONS = dict(re.findall(r"^### ([A-Z_]+)\n(.*?)(?=^##|\Z)", GUIDE, re.DOTALL | re.MULTILINE))
RIGHT = [line for line in GUIDE.splitlines() if line.startswith("✔ `")]


def test_the_tables_are_up_to_date() -> None:
    assert replace_tables(GUIDE, SCHEMA) == GUIDE, "run `aloi annotate guidelines`"


@pytest.mark.parametrize("label", [*SCHEMA.entities, *SCHEMA.relations])
def test_each_label_has_examples_and_counter_examples(label: str) -> None:
    assert SECTIONS[label].count("\n✔ ") >= 3
    assert SECTIONS[label].count("\n✘ ") >= 2


@pytest.mark.parametrize("label", [*SCHEMA.entities, *SCHEMA.relations])
def test_each_label_has_an_explanation(label: str) -> None:
    explanation = explain_label(Guide("1", "s", GUIDE), label)
    assert explanation
    assert len(explanation) < 300


def test_an_explanation_has_the_first_paragraph_and_the_rules() -> None:
    text = "## A\n\nOne\nline.\n\n- **A1** x\n- **A2 – Title.** y\n\n## B\n\n## AB\n- **C1** z\n"
    guide = Guide("1", "s", text)
    assert explain_label(guide, "A") == "One line. (A1, A2)"
    assert explain_label(guide, "AB") == "(C1)"
    assert explain_label(guide, "B") is None
    assert explain_label(guide, "missing") is None


@pytest.mark.parametrize("example", RIGHT)
def test_each_example_is_allowed_by_the_schema(example: str) -> None:
    marked, *relations = re.findall(r"`([^`]+)`", example)
    content = f'+++\nid = "x"\n+++\n{marked}\n+++\n' + "\n".join(relations) + "\n"
    (document,) = inline.parse_markup(content)
    assert list(schema_problems(document, SCHEMA)) == []


@pytest.mark.parametrize("label", SCHEMA.relations)
def test_a_link_that_ended_is_marked_where_the_guide_says(label: str) -> None:
    type_ = SCHEMA.relations[label]
    content = f'+++\nid = "x"\n+++\n[A]({type_.head[0]}#a) [B]({type_.tail[0]}#b)\n+++\n'
    (document,) = inline.parse_markup(f"{content}#a {label} #b assertion=attributed status=ended\n")
    (rule,) = re.findall(r"^- \*\*RG10 .*", GUIDE, re.MULTILINE)
    allowed = label in rule.partition("*ended*")[0]
    assert [each.kind for each in schema_problems(document, SCHEMA)] == (
        [] if allowed else ["wrong-attribute"]
    )


def test_rules_are_in_the_order_of_their_numbers() -> None:
    numbers: dict[str, list[int]] = {}
    for letters, number in re.findall(r"^- \*\*([A-Z]+)(\d+)\b", GUIDE, re.MULTILINE):
        numbers.setdefault(letters, []).append(int(number))
    assert numbers == {letters: sorted(found) for letters, found in numbers.items()}


def test_rule_numbers_are_unique() -> None:
    rules = re.findall(r"^- \*\*([A-Z]+\d+)\b", GUIDE, re.MULTILINE)
    assert len(rules) == len(set(rules)) > 40


@pytest.mark.parametrize("file", ["demarrage.fr.md", "quickstart.en.md"])
def test_the_links_of_the_quick_start_exist(file: str) -> None:
    folder = ROOT / "annotation" / "guidelines"
    links = re.findall(r"\]\(([^)]+)\)", (folder / file).read_text(encoding="utf-8"))
    assert len(links) >= 5
    assert [link for link in links if not (folder / link).is_file()] == []


def test_the_rules_of_a_label_and_of_a_value_are_found() -> None:
    guide = read_guide(shipped_guide())
    for label in (*SCHEMA.entities, *SCHEMA.relations):
        assert guide.section(label) == SECTIONS[label].strip()
    assert guide.section("Nothing") == ""
    assert "**G7 – " in guide.rules_about("ref")
    assert guide.rules_about("metonymy").startswith("- **L4**")


def test_tables_and_version_line_in_english() -> None:
    schema = msgspec.structs.replace(SCHEMA, language="en")
    text = "Version 1 · schema `s`\n\n<!-- schema:relations -->\n<!-- /schema -->\n"
    table = replace_tables(text, schema)
    assert "| relation | from | to | meaning |" in table
    assert "| MEETS (symmetric) | PER, ROLE | PER, ROLE | meets, calls, talks with |" in table
    assert "Attribute of relations: `status`" in table


def test_pipes_in_descriptions_stay_in_their_cell() -> None:
    entities = {"PER": EntityType("a person | a group")}
    schema = msgspec.structs.replace(SCHEMA, language="en", entities=entities)
    table = replace_tables("<!-- schema:entities -->\n<!-- /schema -->\n", schema)
    assert r"| PER | a person \| a group |" in table


def test_the_version_line_is_read_in_any_language(tmp_path: Path) -> None:
    for word in ("schéma", "schema"):
        file = tmp_path / "guide.md"
        file.write_text(f"# Guide\n\nVersion 1.2 · {word} `s`\n", encoding="utf-8")
        assert (read_guide(file).version, read_guide(file).schema) == ("1.2", "s")


def test_there_is_no_guide_in_english_for_our_schema() -> None:
    assert guide_for(SCHEMA) is not None
    assert guide_for(msgspec.structs.replace(SCHEMA, language="en")) is None
