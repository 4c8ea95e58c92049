"""Tests of stand-off records: a round trip, verified by hashes, and no room for text."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standoff_texts import TEXTS, annotated

from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError
from aloi.corpus.standoff.record import Record, attach, decode_record, detach, encode_record

SALT = "salt"
IDS = list(TEXTS)


@pytest.mark.parametrize("id_", IDS)
def test_attaching_restores_the_document(id_: str) -> None:
    document = annotated(id_)
    restored = attach(detach(document, SALT), document.text, SALT)
    assert (restored.text, restored.entities) == (document.text, document.entities)
    assert restored.relations == document.relations
    assert restored.meta == {**document.meta, "date": id_[:10].replace("_", "-")}


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), data=st.data())
def test_any_unicode_text_is_restored(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    entity = Entity(id="e", start=start, end=len(text), label="PER")
    meta = annotated(IDS[0]).meta
    document = Document(IDS[0], text, (entity,), (), meta)
    record = detach(document, SALT)
    assert record.length == len(text)
    assert attach(record, text, SALT).entities == (entity,)


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    record = detach(annotated(IDS[0]), SALT)
    (tmp_path / "r.json").write_text(encode_record(record), encoding="utf-8")
    assert decode_record(tmp_path / "r.json") == record


def test_a_record_contains_no_word_of_the_text() -> None:
    document = annotated(IDS[0])
    content = encode_record(detach(document, SALT))
    words = [word for word in document.text.split() if len(word) > 3 and word.isalpha()]
    assert words
    assert [word for word in words if word in content] == []


@pytest.mark.parametrize("position", range(len(TEXTS[IDS[0]])))
def test_a_text_with_one_changed_character_is_refused(position: int) -> None:
    document = annotated(IDS[0])
    changed = document.text[:position] + "#" + document.text[position + 1 :]
    with pytest.raises(DataError, match="the text differs from the annotated text"):
        attach(detach(document, SALT), changed, SALT)


def test_a_text_without_its_last_newline_is_refused() -> None:
    document = annotated(IDS[0])
    with pytest.raises(DataError, match="it has 57 characters instead of 58"):
        attach(detach(document, SALT), document.text.rstrip("\n"), SALT)


def test_moved_offsets_are_found_by_the_hash_of_the_mention() -> None:
    document = annotated(IDS[0])
    record = detach(document, SALT)
    moved = msgspec.structs.replace(record.entities[0], start=3, end=6)
    changed = msgspec.structs.replace(record, entities=(moved, *record.entities[1:]))
    with pytest.raises(DataError, match=r"e1: .* differs from the annotated mention"):
        attach(changed, document.text, SALT)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("theme", "deux mots"),
        ("annotator", "Ana Durand"),
        ("guideline_version", "version un"),
        ("guideline_version", None),
    ],
)
def test_values_that_could_be_text_are_refused(key: str, value: str | None) -> None:
    document = annotated(IDS[0])
    changed = msgspec.structs.replace(document, meta={**document.meta, key: value})
    with pytest.raises(DataError, match=rf"cannot be stored without its text: .*{key}"):
        detach(changed, SALT)


def test_annotators_of_adjudicated_gold_are_joined() -> None:
    document = annotated(IDS[0])
    meta = {key: value for key, value in document.meta.items() if key != "annotator"}
    meta |= {"annotators": ["ana-1", "bob-2"], "guideline_version": "1.3.0, 1.4.0"}
    record = detach(msgspec.structs.replace(document, meta=meta), SALT)
    assert (record.annotator, record.guideline_version) == ("ana-1+bob-2", "1.3.0+1.4.0")


@pytest.mark.parametrize("ref", ["Ana vit à Rome", "https://example.org/Ana", "a" * 81])
def test_a_ref_is_no_sentence_and_no_address(ref: str) -> None:
    document = annotated(IDS[0])
    entity = msgspec.structs.replace(document.entities[0], ref=ref)
    changed = Document(document.id, document.text, (entity,), (), document.meta)
    with pytest.raises(DataError, match="ref"):
        detach(changed, SALT)


@pytest.mark.parametrize("ref", ["kofi-annan", "2017-03-04", "Q90", f"{IDS[0]}#p3"])
def test_slugs_dates_and_numbered_private_persons_are_refs(ref: str) -> None:
    document = annotated(IDS[0])
    entity = msgspec.structs.replace(document.entities[0], ref=ref)
    changed = Document(document.id, document.text, (entity,), (), document.meta)
    assert detach(changed, SALT).entities[0].ref == ref


@pytest.mark.parametrize("key", ["text", "title", "source"])
def test_a_record_with_any_other_key_is_refused(tmp_path: Path, key: str) -> None:
    plain = msgspec.to_builtins(detach(annotated(IDS[0]), SALT)) | {key: "x"}
    (tmp_path / "r.json").write_bytes(msgspec.json.encode(plain))
    with pytest.raises(DataError, match=f"unknown field `{key}`"):
        decode_record(tmp_path / "r.json")


def test_every_string_field_of_a_record_has_a_pattern() -> None:
    """JSON Schema shows the patterns: without one, a field could contain any text."""
    (_, components) = msgspec.json.schema_components([Record])
    fields = [
        field
        for component in components.values()
        for field in component["properties"].values()
        if field.get("type") == "string"
    ]
    assert len(fields) > 10
    assert all("pattern" in field for field in fields)
