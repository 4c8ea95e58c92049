"""`aloi annotate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aloi.cli.console import fail, steps
from aloi.cli.inputs import must_exist

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aloi.annotation.labelstudio.pull import Pulled, Reader
    from aloi.annotation.labelstudio.push import Delivery, Pushed
    from aloi.corpus.document import Document
    from aloi.corpus.schema import Schema

Home = Annotated[
    Path, typer.Option(metavar="DIR", help="Where `start` keeps Label Studio and its access.")
]
HOME = Path(".label-studio")

app = typer.Typer(help="Guidelines and Label Studio.", no_args_is_help=True)


@app.callback()
def annotate() -> None:
    """Guidelines and Label Studio."""


@app.command()
def start(
    *,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="As last time; the first time, 8080.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="postgresql://USER@HOST/DATABASE; as last time; else SQLite."
        ),
    ] = None,
    home: Home = HOME,
) -> None:
    """Start a Label Studio of your own on this machine, or find it running.

    The first time it is installed into the home, which takes 1 GB and some minutes.
    """
    from aloi.annotation.labelstudio.access import FILE
    from aloi.annotation.labelstudio.local import server

    with steps() as step:
        started = server.start(home, port=port, database=database, step=step)
    print(f"Label Studio: {started.url}")
    print(f"user name: {started.username}; the password stands in {home / FILE}")


@app.command()
def stop(*, home: Home = HOME) -> None:
    """Stop the Label Studio that `start` started; its data stay."""
    from aloi.annotation.labelstudio.local import server

    print("Label Studio is stopped" if server.stop(home) else f"none runs in {home}")


@app.command()
def guidelines(
    guide: Annotated[Path, typer.Argument(help="A guide in Markdown.", exists=True)],
    *,
    schema: Annotated[Path, typer.Option(help="Where its tables come from.", exists=True)],
) -> None:
    """Bring a guide's tables up to date with the schema."""
    from aloi.corpus.guides import refresh
    from aloi.corpus.schema import load_schema

    refresh(guide, load_schema(schema))


@app.command()
def config(
    source: Annotated[
        Path, typer.Argument(metavar="SCHEMA|CORPUS", help="A schema (TOML), or a corpus folder.")
    ],
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Else to stdout.")] = None,
) -> None:
    """Write the labelling interface of a schema, as `push` gives it to Label Studio (XML)."""
    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.labelstudio.interface import labelling_interface
    from aloi.corpus.collection import Corpus, is_corpus
    from aloi.corpus.files import whole_file
    from aloi.corpus.schema import load_schema

    schema = Corpus.open(source).schema if is_corpus(source) else load_schema(source)
    guide = guide_for(schema)
    interface = labelling_interface(schema, guide=guide.text if guide else None)
    if out is None:
        print(interface)
        return
    with whole_file(out) as stream:
        stream.write(f"{interface}\n")


@app.command()
def push(
    source: Annotated[str, typer.Argument(metavar="DOCUMENTS", help="A corpus, or documents.")],
    *,
    to: Annotated[list[str], typer.Option(metavar="NAME", help="An annotator; say each one.")],
    double: Annotated[
        float, typer.Option(min=0, max=1, help="The share that two annotators get.")
    ] = 0.0,
    order: Annotated[
        Literal["as-is", "uncertain-first", "diverse"], typer.Option(help="Which come first.")
    ] = "as-is",
    predictions: Annotated[
        str | None, typer.Option(metavar="DOCUMENTS", help="Pre-annotations: a model's, or others.")
    ] = None,
    model_version: Annotated[
        str | None, typer.Option(help="Whose predictions they are; else what they say.")
    ] = None,
    finished: Annotated[
        bool, typer.Option("--finished", help="DOCUMENTS are the annotator's finished work.")
    ] = False,
    changed: Annotated[
        Literal["refuse", "keep", "replace"], typer.Option(help="Tasks whose text is another now.")
    ] = "refuse",
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the projects; else the corpus's.")
    ] = None,
    schema: Annotated[Path | None, typer.Option(help="For bare documents.", exists=True)] = None,
    guide: Annotated[
        Path | None,
        typer.Option(
            help="Rules in Markdown to show; else aloi's own, for its schema.", exists=True
        ),
    ] = None,
    home: Home = HOME,
) -> None:
    """Bring documents to annotators in Label Studio, each to a project of their own.

    Again and again: what is there stays, what is missing is sent, nothing comes twice.
    """
    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.labelstudio.push import Delivery
    from aloi.corpus.guides import read_guide

    if len(set(to)) < len(to):
        raise typer.BadParameter("--to names an annotator twice")
    name, known, documents = _documents(source, project, schema)
    predicted = _predictions(predictions)
    delivery = Delivery(
        corpus=name,
        schema=known,
        documents=documents,
        annotators=to,
        double=double,
        order=order,
        predictions=predicted,
        model_version=model_version or _model(predicted),
        guide=read_guide(guide) if guide else guide_for(known),
        finished=finished,
        changed=changed,
    )
    _deliver(delivery, home)


def _deliver(delivery: Delivery, home: Path) -> None:
    """Push, and tell what came of it."""
    from aloi.annotation.labelstudio.access import find
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.labelstudio.push import push as deliver
    from aloi.corpus.formats.shared.notes import Notes

    notes = Notes()
    with LabelStudioServer(find(home)) as studio, steps() as tell:
        done = deliver(studio, delivery, notes, tell=tell)
    for note in notes:
        print(note, file=sys.stderr)
    for annotator, pushed in done.items():
        print(f"{annotator}: {_told(pushed)}; {pushed.project.url}")


def _documents(
    source: str, project: str | None, schema: Path | None
) -> tuple[str, Schema, tuple[Document, ...]]:
    """Name, schema and documents of a corpus folder, or of bare documents with a schema."""
    from aloi.corpus.collection import Corpus, is_corpus
    from aloi.corpus.formats import registry
    from aloi.corpus.schema import load_schema

    must_exist(source)
    if is_corpus(Path(source)):
        if schema is not None:
            raise typer.BadParameter("a corpus folder brings its own schema; leave --schema out")
        corpus = Corpus.open(Path(source))
        return project or corpus.manifest.name, corpus.schema, corpus.documents
    if schema is None or project is None:
        raise typer.BadParameter("bare documents need --schema and --project")
    return project, load_schema(schema), tuple(registry.read(source))


def _predictions(source: str | None) -> dict[str, Document]:
    from aloi.corpus.collection import Corpus, is_corpus
    from aloi.corpus.formats import registry

    if source is None:
        return {}
    must_exist(source)
    if is_corpus(Path(source)):
        documents: Iterable[Document] = Corpus.open(Path(source)).documents
    else:
        documents = registry.read(source)
    return {document.id: document for document in documents}


def _model(predictions: Mapping[str, Document]) -> str:
    """The model that predictions name; ends with status 2 where they name several."""
    models = {str(each.meta["model"]) for each in predictions.values() if "model" in each.meta}
    if len(models) > 1:
        raise typer.BadParameter(f"predictions of {len(models)} models; say --model-version")
    return models.pop() if models else "predictions"


def _told(done: Pushed) -> str:
    """What a push did, without what it did not."""
    said = f"{done.sent} documents sent, {done.there} there already"
    further = {
        "replaced": done.replaced,
        "predictions renewed": done.predictions,
        "doubled tasks deleted": done.doubles,
    }
    return ", ".join([said, *(f"{number} {what}" for what, number in further.items() if number)])


@app.command()
def pull(
    source: Annotated[
        str, typer.Argument(metavar="PROJECT", help="A corpus, a project's name, or an export.")
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder an annotator goes there.")],
    annotator: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this one; say each.")
    ] = None,
    edges: Annotated[
        Literal["flag", "trim"], typer.Option(help="White space at a mention's edges.")
    ] = "flag",
    home: Home = HOME,
) -> None:
    """Write annotators' finished work as documents, one folder each.

    From a server, or from its export in JSON. Only what changed is asked for; what cannot be read
    is told, the rest is written.
    """
    from aloi.annotation.labelstudio.pull import Reader, pull_export
    from aloi.corpus.formats.shared.notes import Notes
    from aloi.corpus.locks import locked
    from aloi.corpus.streams import is_stream, on_disk

    notes = Notes()
    reader = Reader(notes, edges)
    with locked(out):
        if is_stream(source) or Path(source).is_file():
            with on_disk(source) as given:
                pulled = pull_export(given.path, out, reader)
        else:
            pulled = _pull(_name(source), annotator or [], out, reader, home)
    for note in notes:
        print(note, file=sys.stderr)
    names = sorted(pulled.written | pulled.unchanged)
    for name in names:
        print(f"{out / name}: {pulled.written[name]} written, {pulled.unchanged[name]} unchanged")
    if pulled.problems:
        fail(pulled.problems)
    if not names:
        print("no finished work", file=sys.stderr)


def _name(source: str) -> str:
    """The name of a corpus folder, or the name itself."""
    from aloi.corpus.collection import Corpus, is_corpus

    return Corpus.open(Path(source)).manifest.name if is_corpus(Path(source)) else source


def _pull(name: str, annotators: list[str], out: Path, reader: Reader, home: Path) -> Pulled:
    from aloi.annotation.labelstudio.access import find
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.labelstudio.pull import passes, pull_server

    with LabelStudioServer(find(home)) as studio:
        projects = studio.projects(name)
        if unknown := set(annotators) - projects.keys():
            known = ", ".join(projects) or "none"
            raise typer.BadParameter(f"no project of {', '.join(sorted(unknown))}; there: {known}")
        wanted = annotators or passes(projects)
        if not wanted:
            raise typer.BadParameter(f"{studio.url} has no project «{name} · …»; push first")
        with steps() as tell:
            return pull_server(studio, [projects[each] for each in wanted], out, reader, tell=tell)


@app.command()
def serve(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Pipeline folder or package.")],
    *,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 9090,
    to: Annotated[
        str | None,
        typer.Option(metavar="PROJECT", help="Connect it: a corpus, or a project's name."),
    ] = None,
    home: Home = HOME,
) -> None:
    """Predict while annotators work: each text opens with a model's mentions and relations.

    A backend for Label Studio, until Ctrl+C. --to connects the projects of all annotators.
    """
    from threading import Thread

    from aloi.annotation.labelstudio.backend import Backend, Server
    from aloi.models.prediction.pipelines import load_pipeline

    with Server(Backend(load_pipeline(model)), host, port) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        print(f"{server.backend.model_version}: {server.url}", flush=True)
        if to is not None:
            _connect(_name(to), server.url, home)
        try:
            thread.join()
        except KeyboardInterrupt:
            server.shutdown()


def _connect(name: str, backend: str, home: Path) -> None:
    """Connect the projects of a corpus's annotators to a backend."""
    from aloi.annotation.labelstudio.access import find
    from aloi.annotation.labelstudio.backend import NAME
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.labelstudio.pull import passes

    with LabelStudioServer(find(home)) as studio:
        projects = studio.projects(name)
        for annotator in passes(projects):
            studio.connect(projects[annotator], backend, NAME)
            print(f"{annotator}: {projects[annotator].url}", flush=True)


@app.command("open")
def open_(
    document: Annotated[str, typer.Argument(metavar="ID", help="A document of the corpus.")],
    *,
    corpus: Annotated[
        Path, typer.Option(metavar="CORPUS", help="The corpus folder.", exists=True)
    ] = Path("corpus"),
    to: Annotated[str | None, typer.Option(metavar="NAME", help="Who annotates; else you.")] = None,
    predictions: Annotated[
        str | None, typer.Option(metavar="DOCUMENTS", help="Pre-annotations; else the corpus's.")
    ] = None,
    home: Home = HOME,
) -> None:
    """Open a document in Label Studio, pre-annotated, in a project of your own."""
    import getpass
    import webbrowser

    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.labelstudio.access import find
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.labelstudio.push import Delivery, page
    from aloi.cli.inputs import open_corpus
    from aloi.corpus.formats.shared.notes import Notes

    whole = open_corpus(corpus)
    chosen = [each for each in whole.documents if each.id == document]
    if not chosen:
        raise typer.BadParameter(f"{corpus} has no document {document}")
    predicted = _predictions(predictions or str(corpus))
    delivery = Delivery(
        corpus=whole.manifest.name,
        schema=whole.schema,
        documents=chosen,
        annotators=[to or getpass.getuser()],
        predictions={document: predicted[document]} if document in predicted else {},
        model_version=_model(predicted),
        guide=guide_for(whole.schema),
    )
    with LabelStudioServer(find(home)) as studio, steps() as tell:
        address = page(studio, delivery, Notes(), tell=tell)
    print(address)
    webbrowser.open(address)
