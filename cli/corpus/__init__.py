"""`aloi corpus`: work on a corpus, stand-off corpora, removal of documents."""

from __future__ import annotations

import typer

from aloi.cli.corpus import checks, counts, gate, intake, migration, refs, removal, site, standoff

app = typer.Typer(help="Check, review, extend and describe a corpus.", no_args_is_help=True)
app.command()(gate.gate)
app.command()(migration.migrate)
app.command()(refs.refs)
app.command()(site.site)
app.command()(checks.check)
app.command()(checks.review)
app.command()(intake.add)
app.command()(counts.stats)
app.command()(counts.card)
app.command()(standoff.fetch)
app.command()(standoff.attach)
app.command()(standoff.detach)
app.command()(standoff.draw)
app.command()(removal.remove)
