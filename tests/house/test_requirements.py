"""Every version in the requirements files has hashes, and the files can be installed together."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^ ;]+).* \\$")
FILES = {
    "docs": "requirements-docs.txt",
    "transformers": "requirements-transformers.txt",
    "transformers with CUDA": "requirements-transformers-cuda.txt",
}
GLINER = "requirements-gliner.txt"


def pinned(name: str) -> dict[str, str]:
    """Return the versions in a requirements file; fail if a requirement has no hash."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = {}
    for line, following in pairwise(lines):
        if not line.startswith((" ", "#")):
            requirement = PINNED.match(line)
            assert requirement, line
            assert following.startswith("    --hash=sha256:"), line
            found[requirement[1]] = requirement[2].removesuffix("+cpu")
    return found


@pytest.mark.parametrize("name", FILES)
def test_other_requirements_can_be_installed_beside_those_of_the_code(name: str) -> None:
    """`make docs` and `make test-transformers` install into .venv: files agree on each version."""
    code, other = pinned("requirements.lock"), pinned(FILES[name])
    assert {
        name: other[name] for name in other.keys() & code.keys() if other[name] != code[name]
    } == {}


def test_gliner_changes_only_transformers_and_the_hub() -> None:
    """`make test-gliner` installs the file over the other two."""
    other = pinned("requirements.lock") | pinned(FILES["transformers"])
    gliner = pinned(GLINER)
    assert gliner.keys() & other.keys() == {"huggingface-hub", "transformers"}


@pytest.mark.parametrize(("name", "file"), (FILES | {"gliner": GLINER}).items())
def test_requirements_contain_the_extra(name: str, file: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["optional-dependencies"][name.split(maxsplit=1)[0]]
    extra = [re.match(r"[\w-]+", each) for each in listed]
    assert {found[0] for found in extra if found} <= pinned(file).keys()
