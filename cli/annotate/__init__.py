"""`aloi annotate`: Label Studio, exchange of documents with annotators, comparison of passes."""

from __future__ import annotations

import typer

from aloi.cli.annotate import guides, pass_comparison, push_pull, server

app = typer.Typer(
    help="""Annotate in Label Studio, measure agreement, adjudicate.

    `start` and `stop` control a local Label Studio server. `open`, `push`, `serve --to`, `pull`,
    `practice` and `adjudicate` connect to the server at LABEL_STUDIO_URL with the access token in
    LABEL_STUDIO_API_KEY, or to the local server if these environment variables are not set.
    `agree`, `effort`, `config` and `guidelines` need no server.
    """,
    no_args_is_help=True,
)
app.command()(server.start)
app.command()(server.stop)
app.command("open")(push_pull.open_document)
app.command()(push_pull.push)
app.command()(server.serve)
app.command()(push_pull.pull)
app.command()(pass_comparison.agree)
app.command()(pass_comparison.adjudicate)
app.command()(pass_comparison.effort)
app.command()(guides.practice)
app.command()(guides.config)
app.command()(guides.guidelines)
