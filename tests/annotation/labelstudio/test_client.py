"""The projects of a corpus among those of a server."""

import pytest

from aloi.annotation.exchange.pull import select_projects
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.server_protocol import Project
from aloi.corpus.problems import DataError


class Listing(LabelStudioServer):
    """A server that is not connected, and contains projects with these titles."""

    def __init__(self, *titles: str) -> None:
        self.projects = [Project(id_, title, "url") for id_, title in enumerate(titles)]

    def all_projects(self) -> list[Project]:
        return self.projects


def test_two_projects_with_one_title_are_an_error() -> None:
    server = Listing("c · marie", "c · paul", "c · marie", "c · paul", "c · paul", "c · lea")
    with pytest.raises(DataError) as caught:
        select_projects(server, "c")
    assert [(problem.kind, problem.what) for problem in caught.value.problems] == [
        ("several-projects", "2 projects on the server have the title «c · marie»"),
        ("several-projects", "3 projects on the server have the title «c · paul»"),
    ]


def test_equal_titles_of_other_corpora_are_no_error() -> None:
    server = Listing("c · marie", "other · paul", "other · paul", "cc · marie", "cc · marie")
    assert select_projects(server, "c") == {"marie": Project(0, "c · marie", "url")}
