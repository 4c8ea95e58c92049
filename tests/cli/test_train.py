"""The configs that `aloi train` offers."""

from pathlib import Path

import pytest
import typer
from typer.main import get_command

from aloi.cli.main import app
from aloi.cli.train import TrainingTarget, train
from aloi.models.training.settings import shipped_config

TRAIN = get_command(app).commands["train"]  # type: ignore[attr-defined]


def shipped(kind: str) -> set[str]:
    """Return the names of the shipped configs of a component, without the default."""
    files = shipped_config(kind).parent.glob("*.cfg")
    return {name for file in files if (name := file.stem.removesuffix(f"-{kind}")) != file.stem}


def test_the_help_names_every_config() -> None:
    (option,) = (each for each in TRAIN.params if each.name == "config")
    assert shipped("ner") == {"blank", "transformer", "blank-transformer"}
    assert all(f"`{name}`" in option.help for name in shipped("ner"))


@pytest.mark.parametrize("kind", ["ner", "relations", "attributes"])
def test_an_unknown_config_is_answered_with_those_of_the_component(kind: str) -> None:
    here = Path(__file__)
    with pytest.raises(typer.BadParameter) as raised:
        train(TrainingTarget(kind), train=here, dev=here, out=Path("x"), config="large")
    message = str(raised.value)
    assert {name for name in shipped("ner") if f"`{name}`" in message} == shipped(kind)
    assert message.endswith("or a config file, not 'large'")
