"""How our spaCy components are written and read: a model, and settings as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import srsly
from spacy.pipeline import TrainablePipe


class StoredPipe(TrainablePipe):
    """A component that is its `model` and what `_plain` gives; `_restore` takes that back."""

    def _plain(self) -> dict[str, Any]:
        raise NotImplementedError

    def _restore(self, plain: dict[str, Any]) -> None:
        raise NotImplementedError

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the model and the settings into a folder."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "cfg", self._plain())
        self.model.to_disk(path / "model")

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Read what `to_disk` wrote."""
        path = Path(path)
        self._restore(srsly.read_json(path / "cfg"))
        self.model.from_disk(path / "model")
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The model and the settings as bytes."""
        stored = {"cfg": self._plain(), "model": self.model.to_bytes()}
        packed: bytes = srsly.msgpack_dumps(stored)
        return packed

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Read what `to_bytes` wrote."""
        stored = srsly.msgpack_loads(data)
        self._restore(stored["cfg"])
        self.model.from_bytes(stored["model"])
        return self
