"""`aloi annotate`: annotation in Label Studio, agreement, and adjudication."""

from __future__ import annotations

import typer

from aloi.cli.annotate import backups, guides, learning, pass_comparison, push_pull, server, status

app = typer.Typer(
    help="""Annotate in Label Studio, measure agreement, adjudicate.

    `start` and `stop` control a local Label Studio server. `open`, `push`, `serve --to`, `pull`,
    `status`, `next`, `practice`, `adjudicate`, `backup` and `restore` use this local server by
    default. To connect to a different server, set the environment variables LABEL_STUDIO_URL (its
    address) and LABEL_STUDIO_API_KEY (its access token). `agree`, `effort`, `config` and
    `guidelines` do not need a server.
    """,
    no_args_is_help=True,
)
app.command()(server.start)
app.command()(server.stop)
app.command("open")(push_pull.open_document)
app.command()(push_pull.push)
app.command()(server.serve)
app.command()(push_pull.pull)
app.command()(status.status)
app.command()(pass_comparison.agree)
app.command()(pass_comparison.adjudicate)
app.command()(pass_comparison.effort)
app.command("next")(learning.next_round)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(guides.practice)
app.command()(guides.config)
app.command()(guides.guidelines)
