"""Training configs without word vectors, whose training takes a second on toy sentences."""

from pathlib import Path

from thinc.api import Config

from aloi.models.training.settings import shipped_config

STEPS = 20


def light_configs(folder: Path) -> dict[str, Path]:
    """Write a config for each component; return the files by kind."""
    light = {"ner": _light_ner, "relations": _light_relations, "attributes": _light_attributes}
    return {kind: write(folder) for kind, write in light.items()}


def _light_ner(folder: Path) -> Path:
    config = Config().from_disk(shipped_config("ner"), interpolate=False)
    config["components"]["ner"]["model"]["tok2vec"]["embed"]["include_static_vectors"] = False
    config["initialize"] |= {"vectors": None, "after_init": None}
    return _write(config, folder / "light-ner.cfg")


def _light_relations(folder: Path) -> Path:
    config = Config().from_disk(shipped_config("relations"), interpolate=False)
    config["nlp"]["pipeline"] = ["aloi_relations"]
    for name in ("tok2vec", "morphologizer", "parser"):
        del config["components"][name]
    config["components"]["aloi_relations"]["model"] |= {"buckets": 4096, "width": 0, "static": 0}
    config["training"] |= {"frozen_components": [], "annotating_components": []}
    config["initialize"]["vectors"] = None
    return _write(config, folder / "light-relations.cfg")


def _light_attributes(folder: Path) -> Path:
    config = Config().from_disk(shipped_config("attributes"), interpolate=False)
    config["nlp"]["pipeline"] = ["aloi_attributes"]
    for name in ("tok2vec", "morphologizer", "parser"):
        del config["components"][name]
    config["training"]["frozen_components"] = []
    config["initialize"]["vectors"] = None
    return _write(config, folder / "light-attributes.cfg")


def _write(config: Config, file: Path) -> Path:
    config["paths"]["source"] = None
    config["training"] |= {"max_steps": STEPS, "eval_frequency": STEPS // 2}
    file.parent.mkdir(parents=True, exist_ok=True)
    config.to_disk(file)
    return file
