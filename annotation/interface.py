"""The labelling interface of a schema."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from aloi.corpus.schema import Schema


def labelling_interface(schema: Schema) -> str:
    """The interface that Label Studio shows for a schema, in its XML."""
    labels = "".join(f"<Label value={quoteattr(label)}/>" for label in schema.entities)
    arcs = "".join(f"<Relation value={quoteattr(label)}/>" for label in schema.relations)
    return (
        f'<View><Labels name="label" toName="text">{labels}</Labels><Relations>{arcs}</Relations>'
        '<Text name="text" value="$text"/><TextArea name="ref" toName="text" perRegion="true"/>'
        "</View>"
    )
