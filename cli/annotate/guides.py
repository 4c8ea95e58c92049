"""`aloi annotate practice`, `config` and `guidelines`: exercises and rules for annotators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.annotation.labelstudio.access import DEFAULT_HOME
from aloi.cli.annotate.connection import HomeOption, connect
from aloi.cli.shared.console import fail, print_notes
from aloi.cli.shared.inputs import corpus_at, open_corpus
from aloi.corpus.problems import printable

if TYPE_CHECKING:
    from aloi.annotation.practice.exercises import Course, PracticeSession
    from aloi.corpus.formats.shared.notes import Notes
    from aloi.corpus.guides import Guide
    from aloi.corpus.schema import Schema


def practice(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the annotator (default: your user name)."),
    ] = None,
    *,
    corpus_folder: Annotated[
        Path | None,
        typer.Option(
            "--corpus",
            metavar="CORPUS",
            help="Corpus folder; the exercises are documents of its gold, only adjudicated ones if "
            "there are any (default: five exercises for aloi's own schema, in French).",
            exists=True,
        ),
    ] = None,
    guide: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Guide (Markdown) that explains the labels of --corpus, one section per label "
            "(default: aloi's guide if it was written for the schema and its language; otherwise "
            "the descriptions in the schema).",
            exists=True,
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Practise annotation on short texts with known answers.

    The first run creates a practice project in Label Studio. Run the command again to print the
    corrections of the finished texts, in the language of the schema.
    """
    import getpass

    from aloi.annotation.practice.exercises import update_practice
    from aloi.corpus.formats.shared.notes import Notes

    notes = Notes()
    course = _course(corpus_folder, guide, notes)
    with connect(home) as (studio, progress):
        session = update_practice(
            studio, name or getpass.getuser(), course, notes=notes, progress=progress
        )
    print_notes(notes)
    _print_session(session)
    if session.problems:
        fail(session.problems)


def _course(folder: Path | None, guide: Path | None, notes: Notes) -> Course:
    """Return the course of a corpus (default: aloi's own); exit with status 2 if it is none."""
    from aloi.annotation.practice.corpus_course import corpus_course
    from aloi.annotation.practice.exercises import shipped_course

    if folder is None:
        if guide is not None:
            raise typer.BadParameter("--guide requires --corpus")
        return shipped_course()
    corpus = open_corpus(folder)
    return corpus_course(corpus, guide_or_default(guide, corpus.schema), notes)


def guide_or_default(file: Path | None, schema: Schema) -> Guide | None:
    """Return the guide in a file (default: aloi's guide for the schema, if there is one)."""
    from aloi.annotation.guidelines import guide_for
    from aloi.corpus.guides import read_guide

    return read_guide(file) if file else guide_for(schema)


def _print_session(session: PracticeSession) -> None:
    """Print the project address, progress, corrections and scores in the schema's language."""
    from aloi.annotation.practice.exercises import format_correction
    from aloi.eval.reports.sheets import format_ratio

    language = session.course.schema.interface
    texts, colon = language.texts.practice, language.typography.colon
    print(f"{session.project.title}{colon}{session.project.url}")
    counts = {"finished": len(session.finished), "total": len(session.course.exercises)}
    print(texts.progress.format(**counts))
    for id_, corrections in session.corrections().items():
        title = session.finished[id_].meta.get("title")
        heading = f"{id_}, {title}" if title else id_
        print(f"\n{printable(heading)}, {texts.differences.format(count=len(corrections))}")
        for correction in corrections:
            print(format_correction(correction, language))
    for target, f1 in session.scores().items():
        print(f"\n{target}{colon}F1 {format_ratio(f1)}", end="")
    if session.finished:
        print()


def config(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SCHEMA", help="Schema (TOML), or corpus folder with a schema.", exists=True
        ),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Output file (default: standard output).")
    ] = None,
) -> None:
    """Write the Label Studio labelling interface (XML) for a schema.

    Its texts are in the language of the schema. `aloi annotate push` configures projects with the
    same interface.
    """
    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.labelstudio.labelling_interface import labelling_interface
    from aloi.corpus.atomic_files import atomic_text_file
    from aloi.corpus.schema import load_schema

    corpus = corpus_at(str(source))
    schema = load_schema(source) if corpus is None else corpus.schema
    guide = guide_for(schema)
    interface = labelling_interface(schema, guide=guide.text if guide else None)
    if out is None:
        print(interface)
        return
    with atomic_text_file(out) as stream:
        stream.write(f"{interface}\n")


def guidelines(
    guide: Annotated[
        Path, typer.Argument(metavar="GUIDE", help="Annotation guide (Markdown).", exists=True)
    ],
    *,
    schema: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Schema (TOML) that defines the labels.", exists=True),
    ],
) -> None:
    """Update the tables of labels in an annotation guide."""
    from aloi.corpus.guides import refresh_tables
    from aloi.corpus.schema import load_schema

    refresh_tables(guide, load_schema(schema))
