"""The command `aloi corpus site`."""

from pathlib import Path

import releases
from typer.testing import CliRunner

from aloi.cli.main import app


def test_a_site_is_written_and_replaced(tmp_path: Path) -> None:
    corpus, out = releases.folder(tmp_path / "corpus"), tmp_path / "site"
    for options in ([], ["--earlier", str(corpus)]):
        arguments = ["corpus", "site", str(corpus), "--out", str(out), *options]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0
        assert done.stdout == f"3 documents written\n{out / 'index.html'}\n"
        assert "left out, not redistributable: 1 document" in done.stderr
        assert not (out / "data" / "changes-0.js").exists()  # nothing differs


def test_wrong_calls(tmp_path: Path) -> None:
    corpus = releases.folder(tmp_path / "corpus")
    for arguments in ([str(tmp_path), "--out", "x"], [str(corpus), "--out", "x", "--earlier", "y"]):
        assert CliRunner().invoke(app, ["corpus", "site", *arguments]).exit_code == 2
