"""A corpus in a git repository, with a tag of its first version."""

from pathlib import Path

import pytest
from repositories import commit, git


@pytest.fixture
def tagged(corpus: Path) -> Path:
    """The corpus of three documents as a folder of a repository; its commit has the tag v1."""
    git(corpus.parent, "init", "--quiet")
    commit(corpus.parent)
    git(corpus.parent, "tag", "v1")
    return corpus
