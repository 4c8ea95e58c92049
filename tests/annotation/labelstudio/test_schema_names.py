"""Schema names in results: labels and attributes, but no refs and no questions."""

from aloi.annotation.labelstudio.schema_names import schema_names
from aloi.annotation.server_protocol import SchemaName

SPAN = {"start": 0, "end": 3}
RESULTS = [
    {"type": "labels", "id": "a", "value": {**SPAN, "labels": ["PER"]}},
    {"type": "textarea", "id": "a", "from_name": "ref", "value": {**SPAN, "text": ["ana"]}},
    {"type": "choices", "id": "a", "from_name": "kind", "value": {**SPAN, "choices": ["one"]}},
    {"type": "textarea", "id": "q", "from_name": "question", "value": {"text": ["?"]}},
    {"type": "relation", "from_id": "a", "to_id": "b", "labels": ["a%3Db", "assertion=negated"]},
    {"type": "relation", "from_id": "a", "to_id": "b"},
    {"type": "rating"},
]


def test_names_come_from_regions_and_arcs() -> None:
    assert sorted(map(str, schema_names(RESULTS))) == [
        "attribute assertion",
        "attribute kind",
        "entity label PER",
        "relation label a=b",
    ]
    assert SchemaName("entity label", "PER") in schema_names(RESULTS)
