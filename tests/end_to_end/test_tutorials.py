"""A tutorial's commands run to its end, in order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"


def script(name: str) -> str:
    page = (TUTORIALS / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```bash\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return "set -euo pipefail\n" + "".join(blocks)


@pytest.mark.slow
def test_publisher(tmp_path: Path) -> None:
    """The other tutorials are longer: one trains, and one needs a server and a browser."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    hub = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "hub")}
    done = subprocess.run(
        ["bash", "-c", script("publisher.md")],
        cwd=tmp_path,
        env={**os.environ, **hub, "PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("0 problems") > 3
    assert "required version bump: minor" in done.stdout
    assert "nothing was sent" in done.stdout
    assert (tmp_path / "publish-tutorial" / "restored" / "depeche.json").is_file()
