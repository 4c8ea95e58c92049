"""Finished work from a JSON file that was exported from Label Studio."""

from __future__ import annotations

from pathlib import Path

from aloi.annotation.exchange.pull import PassWriter, PullReport
from aloi.annotation.labelstudio.reader import LabelStudioTaskReader
from aloi.annotation.server_protocol import EdgePolicy
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import Problem


def pull_export(file: Path, out: Path, notes: Notes, *, edges: EdgePolicy = "flag") -> PullReport:
    """Write the finished work in a file exported from Label Studio to the folder `out`."""
    writer, reader = PassWriter(out), LabelStudioTaskReader(notes, edges)
    for record in json_records.read_records(file):
        if isinstance(record, Problem):
            writer.report.problems.append(record)
            continue
        place = f"{record.place}, entry {record.number}"
        documents, problems = reader.read_json(record.raw, place)
        writer.report.problems += problems
        for document in documents:
            writer.write(document, place)
    return writer.report
