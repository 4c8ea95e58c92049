"""Columns, capabilities and options of HIPE files."""

from __future__ import annotations

import re
from typing import Literal

from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.column_reader import SchemeOption
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import FlatWriteOptions

COLUMN_NAMES = (
    "TOKEN",
    "NE-COARSE-LIT",
    "NE-COARSE-METO",
    "NE-FINE-LIT",
    "NE-FINE-METO",
    "NE-FINE-COMP",
    "NE-NESTED",
    "NEL-LIT",
    "NEL-METO",
    "MISC",
)
APPLICABLE_COLUMNS = "hipe2022:applicable_columns"
"""The metadata key for the list of annotated columns; it is written, but not read."""

NO_REF = frozenset(("", "_", "NIL", "O"))
"""The values of the columns with refs that mean that there is no ref."""

CAPABILITIES = Capabilities(
    overlap="flat",
    same_span=False,
    entity_ids=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    tokens=True,
    meta=False,
    meta_lines=re.compile(rf"(?!\S*document_id$|{APPLICABLE_COLUMNS}$)[^\s=]+"),
)
WriteOptions = FlatWriteOptions
Layer = Literal["coarse", "fine", "metonymic", "nested"]
LAYERS: dict[Layer, tuple[str, str]] = {
    "coarse": ("NE-COARSE-LIT", "NEL-LIT"),
    "fine": ("NE-FINE-LIT", "NEL-LIT"),
    "metonymic": ("NE-COARSE-METO", "NEL-METO"),
    "nested": ("NE-NESTED", ""),
}
"""The tag column and the ref column of each layer; an empty name means no column."""


class ReadOptions(Options, frozen=True):
    """The annotation layer, the tag scheme, the treatment of invalid tags, and a gold file."""

    layer: Layer = "coarse"
    scheme: SchemeOption = "detect"
    repair: bio.TagRepair = "error"
    gold: str = ""
