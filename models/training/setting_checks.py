"""Checks of the settings of a training, before the training starts.

spaCy accepts most numbers and fails in the middle of the training, or trains without an end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from aloi.corpus.problems import Problem

MINIMA: Mapping[str, float] = {
    "nlp.batch_size": 1,
    "training.accumulate_gradient": 1,
    "training.batcher.size": 1,
    "training.eval_frequency": 1,
    "training.max_epochs": -1,
}
"""The smallest allowed values, by dotted key; -1 epochs: spaCy reads the data as a stream."""

MAXIMA: Mapping[str, float] = {"training.dropout": 1, "system.seed": 2**32 - 1}
"""The largest allowed values, by dotted key."""

MAX_INTEGER = 2**31 - 1


def number_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each number in a config that is too small, too large or not finite.

    A number must be at least 0, unless `MINIMA` contains the setting. Strings that are not numbers
    are not checked: spaCy knows the types of its settings.
    """
    for key, value in _numbers(config):
        low, high = MINIMA.get(key, 0), MAXIMA.get(key, MAX_INTEGER)
        if not low <= value <= high:
            allowed = f"between {low:g} and {high:g}" if key in MAXIMA else f"at least {low:g}"
            if math.isfinite(value) and value > high and key not in MAXIMA:
                allowed = f"at most {high}"
            what = f"the setting {key} is {value!r:.40}; it must be {allowed}"
            yield Problem("bad-config", what, "Change the config or the --set option")


def endless_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem if nothing ends the training with this config."""
    training = config["training"]
    if any(training.get(name) != 0 for name in ("max_steps", "patience")):
        return  # the default of spaCy, for a missing setting, is a limit
    epochs = training.get("max_epochs", 0)
    if isinstance(epochs, int) and epochs < 1:
        what = "the training never ends: max_steps, patience and max_epochs are not limits"
        fix = "Set training.max_steps, training.patience or training.max_epochs to 1 or more"
        yield Problem("bad-config", what, fix)


def with_floats(overrides: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return overrides in which integers are floats where the config contains a float.

    spaCy takes `dropout = 0` as a schedule of dropout rates, and `dropout = 0.0` as a rate.
    """
    floats = {key for key, value in _numbers(config) if isinstance(value, float)}
    return {
        key: float(value) if key in floats and type(value) is int else value
        for key, value in overrides.items()
    }


def _numbers(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield the dotted key and the value of each number in a config."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{key}", value
