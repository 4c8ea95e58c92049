"""A wheel and a source distribution, built once."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each kind unpacked into a folder, built from a copy of the tracked files."""
    out, copy = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("copy")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", copy], input=archive.stdout, check=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    folders = {"wheel": out / "wheel", "sdist": out / "sdist"}
    with zipfile.ZipFile(wheel) as held, tarfile.open(sdist) as packed:
        held.extractall(folders["wheel"])
        packed.extractall(folders["sdist"], filter="data")
    return folders
