"""Prompts: schema, rules, language, examples."""

from pathlib import Path

import pytest
from toy import folder

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity
from aloi.corpus.guides import Guide, read_guide
from aloi.corpus.problems import DataError
from aloi.corpus.schema import Schema, load_schema
from aloi.models.llm.prompt import Prompt
from aloi.models.llm.shots import Shots

ROOT = Path(__file__).parents[3]


def test_the_prompt_contains_the_schema_and_the_rules() -> None:
    schema = load_schema(ROOT / "corpus" / "schema.toml")
    guide = read_guide(ROOT / "annotation" / "guidelines" / "guide.fr.md")
    prompt = Prompt(schema, guide)
    french, english = prompt.systems["fr"], prompt.systems["en"]
    assert "- PER: nom d'une personne, sans son titre" in french
    assert "- PER: person's name, without title" in english
    assert "- MEETS (PER | ROLE → PER | ROLE, symétrique): rencontre" in french
    assert "- metonymy=government (LOC)" in french
    assert "- **P1** Civilité" in french
    assert "## Journal" not in french  # the changes of the guide
    assert "schema:entities" not in french


@pytest.mark.parametrize(
    ("meta", "language"),
    [({"lang": "fr"}, "fr"), ({"lang": "en-GB"}, "en"), ({"lang": "de"}, "en"), ({}, "en")],
)
def test_the_language_of_the_document(schema: Schema, meta: dict[str, str], language: str) -> None:
    assert Prompt(schema).language(meta) == language


def test_examples_and_text_are_in_markup(schema: Schema) -> None:
    shot = Document("s", "Ana dort.", (Entity(id="a", start=0, end=3, label="PER"),))
    messages = Prompt(schema).messages("Bob [sic]\n+++", [shot], "en")
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == "+++\n[Ana](PER#a) dort.\n+++\n+++"
    assert messages[3]["content"] == "+++\nBob \\[sic\\]\n\\+++\n+++"


def test_a_guide_without_numbered_rules_is_used_as_it_is(schema: Schema) -> None:
    guide = Guide("1", "toy", "Mark names only.")
    assert "Mark names only." in Prompt(schema, guide).systems["en"]


def test_the_nearest_examples_come_from_train(tmp_path: Path) -> None:
    corpus = Corpus.open(folder(tmp_path))
    shots = Shots.from_corpus(corpus, 2)
    assert {each.id for each in shots.documents} == set(corpus.splits["train"])
    target = shots.documents[3]
    assert shots.nearest(target.text)[-1] == target
    rest = shots.without({target.id}, set())
    assert target not in rest.nearest(target.text)
    with pytest.raises(DataError, match="1 examples remain"):
        shots.without(set(corpus.splits["train"][1:]), set())
