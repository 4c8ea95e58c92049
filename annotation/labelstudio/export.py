"""Finished work from a JSON file that was exported from Label Studio."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aloi.annotation.exchange.accounts import Accounts
from aloi.annotation.exchange.pull import (
    PassWriter,
    PullReport,
    TaskRead,
    write_foreign,
    write_tasks,
)
from aloi.annotation.labelstudio.reader import LabelStudioTaskReader
from aloi.annotation.server_protocol import EdgePolicy
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import Problem
from aloi.corpus.schema import Schema


def pull_export(
    file: Path,
    out: Path,
    notes: Notes,
    *,
    accounts: Mapping[str, str] | None = None,
    schema: Schema | None = None,
    edges: EdgePolicy = "trim",
    inherited_refs: bool = True,
) -> PullReport:
    """Write the finished work in a file exported from Label Studio to the folder `out`.

    `accounts` contains the account of an annotator, by annotator. Most exports contain only user
    numbers, no e-mail addresses.
    """
    writer = PassWriter(out, notes, inherited_refs=inherited_refs)
    reader = LabelStudioTaskReader(notes, edges, by_account=True)
    reads: list[TaskRead] = []
    for record in json_records.read_records(file):
        if isinstance(record, Problem):
            writer.report.problems.append(record)
            continue
        place = f"{record.place}, entry {record.number}"
        reads.append(TaskRead(place, *reader.read_json(record.raw, place)))
    names = {document.meta["annotator"] for read in reads for document in read.documents}
    known = Accounts(annotators=sorted(names), assigned=accounts or {})
    reports = write_tasks(reads, writer, known, {}, schema)
    write_foreign([each for report in reports for each in report.foreign], writer)
    return writer.report
