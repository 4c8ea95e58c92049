"""Toy documents, and a language model whose answers are those documents."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from chat_server import Brain, ChatServer, marked_answer
from toy import SCHEMA, sentence

from aloi.corpus.document import Document
from aloi.corpus.schema import Schema, load_schema
from aloi.models.llm.endpoint import ChatEndpoint
from aloi.models.llm.language_model import LanguageModel
from aloi.models.llm.prompt import Prompt

GOLD = [sentence(number) for number in range(35)]
BY_TEXT = {document.text: document for document in GOLD}

MakeModel = Callable[..., LanguageModel]


def right(text: str, request: object) -> str:
    """Answer with the annotations of the toy document."""
    return marked_answer(BY_TEXT[text])


@pytest.fixture
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    file = tmp_path_factory.mktemp("schema") / "schema.toml"
    file.write_text(SCHEMA, encoding="utf-8")
    return load_schema(file)


@pytest.fixture
def chat() -> Iterator[Callable[[Brain], ChatServer]]:
    """A function that starts a chat server."""
    with ExitStack() as stack:
        yield lambda brain=right, **settings: stack.enter_context(ChatServer(brain, **settings))


@pytest.fixture
def make_model(schema: Schema) -> MakeModel:
    """A function that returns a language model behind a chat server."""

    def make(server: ChatServer, *, key: str | None = None, **settings: object) -> LanguageModel:
        endpoint = ChatEndpoint(server.url, "toy", key, backoff=0.05, timeout=10)
        return LanguageModel(endpoint, Prompt(schema), **settings)

    return make


def unannotated(documents: list[Document]) -> list[Document]:
    return [Document(each.id, each.text, ()) for each in documents]
