"""`aloi annotate`: Label Studio, the exchange with annotators, comparison of their work."""

from __future__ import annotations

import typer

from aloi.cli.annotate import guides, pass_comparison, push_pull, server

app = typer.Typer(
    help="""Annotate in Label Studio, measure agreement, adjudicate.

    Commands connect to the Label Studio server at LABEL_STUDIO_URL, with the token in
    LABEL_STUDIO_API_KEY. If these environment variables are not set, they connect to the local
    server that `aloi annotate start` starts.
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
