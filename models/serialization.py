"""Saving and loading of spaCy components: the network, and the settings as JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import srsly
from spacy.pipeline import TrainablePipe


class SerializablePipe(TrainablePipe):
    """A trainable component that saves its `model` and its settings.

    Subclasses implement `_get_settings`, which returns the settings as JSON values, and
    `_set_settings`, which restores the settings from these values.
    """

    def _get_settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def _set_settings(self, values: dict[str, Any]) -> None:
        raise NotImplementedError

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the settings to the file `cfg` and the model to the file `model` in a folder."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "cfg", self._get_settings())
        self.model.to_disk(path / "model")

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Read a folder that `to_disk` wrote, and return the component."""
        path = Path(path)
        self._set_settings(srsly.read_json(path / "cfg"))
        self.model.from_disk(path / "model")
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return the settings and the model as bytes."""
        content = {"cfg": self._get_settings(), "model": self.model.to_bytes()}
        packed: bytes = srsly.msgpack_dumps(content)
        return packed

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Read bytes that `to_bytes` returned, and return the component."""
        content = srsly.msgpack_loads(data)
        self._set_settings(content["cfg"])
        self.model.from_bytes(content["model"])
        return self
