"""A schema and mentions for passes over one sentence: Ana meets Bob in Rome."""

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import AttributeType, RelationType, Schema

TEXT = "Ana voit Bob à Rome"
SCHEMA = Schema(
    "s",
    "1",
    {},
    {"MEETS": RelationType(("PER",), ("PER",), symmetric=True)},
    relation_attributes={"assertion": AttributeType(default="asserted")},
)
ANA = Entity(id="a", start=0, end=3, label="PER", ref="ana")
BOB = Entity(id="b", start=9, end=12, label="PER")
ROME = Entity(id="r", start=15, end=19, label="LOC")


def doc(*entities: Entity, relations: tuple[Relation, ...] = ()) -> Document:
    return Document("d", TEXT, entities, relations)
