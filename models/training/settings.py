"""Training configs of aloi, and overrides of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import spacy.util
from thinc.api import Config, ConfigValidationError

from aloi.corpus.problems import DataError, Problem
from aloi.models.training.reader import GOLD_SHARE


def shipped_config(name: str) -> Path:
    """Return the path of a config in `models/configs/`, e.g. "ner" or "transformer-ner"."""
    return Path(str(files("aloi.models") / "configs" / f"{name}.cfg"))


def find_config(kind: str, name: str) -> Path | None:
    """Return the path of the config that `name` refers to, or None if it does not exist.

    name: prefix of a config `{name}-{kind}` in `models/configs/`, or the path of a config file.
    kind: "ner" or "relations".
    """
    for file in (shipped_config(f"{name}-{kind}"), Path(name)):
        if file.is_file():
            return file
    return None


def read_config(config: Path) -> Config:
    """Return a config with unresolved variables; raise `DataError` if it cannot be read."""
    try:
        with config_errors(config):
            return Config().from_disk(config, interpolate=False)
    except (UnicodeDecodeError, OSError) as error:
        raise config_problem(config, " ".join(str(error).split())) from error


def load_settings(config: Path, paths: Mapping[str, str], overrides: Mapping[str, Any]) -> Config:
    """Return a config with overridden values; its variables are not resolved.

    paths, overrides: new values by dotted key.

    Raises `DataError` if the config is invalid or an override names an unknown setting.
    """
    original = read_config(config)
    with config_errors(config):
        settings = spacy.util.load_config(
            config, overrides={**paths, **overrides}, interpolate=False
        )
    unknown = [
        key
        for key in overrides
        if not (key.startswith("components.") or has_setting(original, key))
    ]
    if unknown:
        fix = f"Use a setting of {config}"
        raise DataError(Problem("bad-config", f"unknown setting {key}", fix) for key in unknown)
    return settings


def add_silver(settings: Config, file: str, overrides: Mapping[str, Any]) -> None:
    """Have a config also train on silver documents, in more steps; `overrides` keep their values.

    With a share of `GOLD_SHARE`, gold is seen as often as in a training without silver documents.
    """
    settings["paths"]["silver"] = file
    settings["corpora"]["train"]["silver"] = "${paths.silver}"
    training = settings["training"]
    for name in ("max_steps", "patience"):
        if f"training.{name}" not in overrides and isinstance(training[name], int):
            training[name] = round(training[name] / GOLD_SHARE)


@contextmanager
def config_errors(config: Path) -> Iterator[None]:
    """Convert spaCy's errors about the values of a config to `DataError`."""
    try:
        yield
    except ConfigValidationError as error:
        details = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors or ()]
        what = "; ".join(details) or " ".join(str(error).split())
        raise config_problem(config, what) from error


def config_problem(config: Path, what: str) -> DataError:
    """Return the error of a config that cannot be used for a training."""
    fix = "Correct the config, or the --set option that changes it"
    return DataError([Problem("bad-config", what, fix, file=str(config))])


def has_setting(config: Mapping[str, Any], key: str) -> bool:
    """Return whether a config contains a dotted key.

    A component contains all keys below it: its config lists only some of its settings.
    """
    parts = key.split(".")
    value: Any = config
    for part in parts[:2] if parts[0] == "components" else parts:
        value = value.get(part, KeyError) if isinstance(value, Mapping) else KeyError
    return value is not KeyError
