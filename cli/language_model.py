"""`aloi predict llm:NAME`: annotation by a language model behind a chat endpoint."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from aloi.models.llm.annotation_run import AnnotationRun
    from aloi.models.llm.language_model import LanguageModel
    from aloi.models.llm.shots import Shots

KEY_VARIABLE = "ALOI_LLM_KEY"
"""The environment variable with the key of the endpoint."""

DEFAULT_CONNECTIONS = 8
"""The number of requests in flight."""


def _option(help_: str, *names: str, **settings: Any) -> Any:  # noqa: ANN401 - typer's own type
    return typer.Option(*names, help=help_, **settings)


SchemaOption = Annotated[
    Path | None,
    _option(
        "Schema (TOML) with the labels (default: the schema of IN if IN is a corpus folder).",
        metavar="FILE",
        exists=True,
    ),
]
GuideOption = Annotated[
    Path | None,
    _option(
        "Annotation guide (Markdown) whose rules the model gets (default: none).",
        metavar="FILE",
        exists=True,
    ),
]
BaseUrlOption = Annotated[
    str | None,
    _option(
        "Address of the OpenAI-compatible endpoint, such as http://127.0.0.1:11434/v1.",
        metavar="URL",
    ),
]
KeyFileOption = Annotated[
    Path | None,
    _option(
        f"File with the key of the endpoint (default: the environment variable {KEY_VARIABLE}).",
        metavar="FILE",
        exists=True,
    ),
]
ShotsOption = Annotated[
    int, _option("Number of solved examples in each request (default: none).", min=0)
]
ShotsFromOption = Annotated[
    Path | None,
    _option(
        "Corpus folder with the examples: documents of its split `train` that are not in IN.",
        metavar="CORPUS",
        exists=True,
    ),
]
PassesOption = Annotated[
    int,
    _option(
        "Number of answers per text. From two on, the share of the answers that contain a mention "
        "or relation is its score.",
        min=1,
    ),
]
MaxDocumentsOption = Annotated[
    int | None, _option("Annotate only the first documents of IN.", metavar="N", min=1)
]
MaxTokensOption = Annotated[
    int | None,
    _option("Stop after this number of prompt and completion tokens.", metavar="N", min=1),
]
PriceOption = Annotated[
    str | None,
    _option(
        "Prices of a million prompt tokens and a million completion tokens, for the cost estimate.",
        metavar="IN,OUT",
    ),
]
ParameterOption = Annotated[
    list[str] | None,
    _option(
        "Further key of each request, for example reasoning_effort=low; NAME=null removes a key; "
        "repeatable.",
        "--parameter",
        metavar="NAME=VALUE",
    ),
]
AllowRestrictedOption = Annotated[
    bool,
    _option(
        "Also send texts that may not be redistributed (default: refuse them).",
        "--allow-restricted",
    ),
]


@dataclass(frozen=True)
class LanguageModelOptions:
    """The options of `aloi predict` that only language models have."""

    schema: Path | None = None
    guide: Path | None = None
    base_url: str | None = None
    key_file: Path | None = None
    shots: int = 0
    shots_from: Path | None = None
    passes: int = 1
    max_documents: int | None = None
    max_tokens: int | None = None
    price: str | None = None
    parameters: list[str] | None = None
    allow_restricted: bool = False

    def refuse(self) -> None:
        """Exit with status 2 if an option is used without a language model."""
        if self != LanguageModelOptions():
            message = "the options for language models require a MODEL such as llm:NAME"
            raise typer.BadParameter(message)


def predict_with_language_model(
    model: str, source: str, target: str, options: LanguageModelOptions, *, workers: int | None
) -> None:
    """Annotate IN with a chat model; exit with status 1 if a document has no usable answer."""
    from aloi.cli.shared.console import fail, print_notes, steps
    from aloi.cli.shared.inputs import must_exist
    from aloi.corpus.problems import count_noun
    from aloi.models.llm.annotation_run import RunOptions, annotate_to_file

    must_exist(source)
    run_options = RunOptions(
        options.max_documents,
        options.max_tokens,
        _parse_price(options.price),
        options.allow_restricted,
    )
    annotator = _language_model(model, source, options, workers or DEFAULT_CONNECTIONS)
    with steps() as show:
        run = annotate_to_file(
            annotator,
            source,
            target,
            run_options,
            show=show,
            notify=lambda message: print_notes([message]),
        )
    print_notes([*_summary(run), f"{count_noun(run.documents, 'document')} written to {target}"])
    if run.problems:
        fail(run.problems)


def _summary(run: AnnotationRun) -> list[str]:
    """Return what a run took and what it dropped, one line each."""
    from aloi.corpus.problems import count_noun

    requests = f"{count_noun(run.asked, 'request')} sent, {run.reused} answered from the store"
    dropped = [f"dropped: {number} {kind}" for kind, number in sorted(run.dropped.items())]
    return [f"{run}; {requests}", *dropped]


def _language_model(
    model: str, source: str, options: LanguageModelOptions, connections: int
) -> LanguageModel:
    from aloi.cli.shared.inputs import required_schema
    from aloi.corpus.guides import read_guide
    from aloi.corpus.problems import DataError
    from aloi.models.llm.endpoint import ChatEndpoint
    from aloi.models.llm.language_model import MODEL_PREFIX, LanguageModel
    from aloi.models.llm.prompt import Prompt

    name = model.removeprefix(MODEL_PREFIX)
    if not name or options.base_url is None:
        raise typer.BadParameter(
            "a language model needs a name and an address: llm:NAME --base-url URL"
        )
    schema = required_schema(options.schema, source)
    try:
        endpoint = ChatEndpoint(options.base_url, name, _read_key(options.key_file), connections)
    except DataError as error:
        raise typer.BadParameter(error.problems[0].what) from None
    guide = read_guide(options.guide) if options.guide else None
    return LanguageModel(
        endpoint,
        Prompt(schema, guide),
        _shots(options),
        options.passes,
        _parse_parameters(options.parameters),
    )


def _shots(options: LanguageModelOptions) -> Shots | None:
    from aloi.cli.shared.inputs import open_corpus
    from aloi.models.llm.shots import Shots

    if bool(options.shots) != (options.shots_from is not None):
        raise typer.BadParameter("--shots and --shots-from must be used together")
    if options.shots_from is None:
        return None
    return Shots.from_corpus(open_corpus(options.shots_from), options.shots)


def _read_key(file: Path | None) -> str | None:
    """Return the key in a file or in the environment, or None."""
    key = file.read_text(encoding="utf-8") if file else os.environ.get(KEY_VARIABLE, "")
    if any(not character.isprintable() for character in key.strip()):
        raise typer.BadParameter("the key must be a single line without control characters")
    return key.strip() or None


def _parse_price(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        prompt, completion = map(float, text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"--price must be two numbers such as 0.15,0.60, not {text!r}"
        ) from None
    return prompt, completion


def _parse_parameters(settings: list[str] | None) -> dict[str, Any]:
    """Return the values of --parameter; a value that is not valid JSON is a string."""
    parameters: dict[str, Any] = {}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not equals or name in ("", "messages", "model", "stream"):
            message = f"--parameter must have the form NAME=VALUE, not {setting!r}; it cannot set "
            raise typer.BadParameter(message + "messages, model or stream")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters
