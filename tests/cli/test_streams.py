"""Each command gives the same for standard input and pipes as for the file."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spacy

ALOI = (sys.executable, "-m", "aloi.cli")
WAYS = {
    "file": "{aloi}",
    "-": "cat {file} | {aloi}",
    "/dev/stdin": "cat {file} | {aloi}",
    "<(cat {file})": "{aloi}",
    "fifo": "rm -f fifo; mkfifo fifo; cat {file} > fifo & {aloi}; s=$?; "
    "kill $! 2>/dev/null; exit $s",
}
"""Shell commands by what stands for the input in the call of aloi."""

PIPES = [way for way in WAYS if way != "file"]


def aloi(way: str, *arguments: str, file: str = "gold.jsonl", cwd: Path) -> tuple[int, str, str]:
    """Run a command whose argument IN is a file, given in some way; status, stdout and stderr."""
    given = file if way == "file" else way.format(file=file)
    call = " ".join(given if each == "IN" else shlex.quote(each) for each in arguments)
    command = WAYS[way].format(aloi=f"{shlex.join(ALOI)} {call}", file=file)
    done = subprocess.run(
        ["bash", "-c", command], cwd=cwd, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def line(number: int, end: int = 3, label: str = "PER") -> str:
    entity = {"id": "e", "start": 0, "end": end, "label": label}
    text = f"Ana vit à Rome, dit-on ({number}), et elle y restera."
    return json.dumps({"id": f"d{number}", "text": text, "entities": [entity]}) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gold of over 256 KiB, predictions, a broken and an empty file, a model that finds nothing.

    `stream.jsonl` has records without ids, which get the name of their file or stream.
    """
    root = tmp_path_factory.mktemp("streams")
    gold = [line(number) for number in range(3000)]
    (root / "gold.jsonl").write_text("".join(gold))
    (root / "a.jsonl").write_text("".join([*gold[:2000], *(line(n, 9) for n in range(2000, 3000))]))
    (root / "b.jsonl").write_text("".join(line(n, 3, "LOC") for n in range(3000)))
    (root / "broken.jsonl").write_text("".join([*gold, line(3000, 999), gold[7]]))
    doccano = ({"text": f"Ana {n}", "label": [[0, 3, "PER"]]} for n in range(9000))
    (root / "stream.jsonl").write_text("".join(json.dumps(each) + "\n" for each in doccano))
    (root / "empty.jsonl").touch()
    spacy.blank("fr").to_disk(root / "model")
    assert min((root / f"{name}.jsonl").stat().st_size for name in ("gold", "stream")) > 1 << 18
    return root


@pytest.mark.parametrize("way", PIPES)
def test_problems_name_the_input_as_it_was_given(folder: Path, way: str) -> None:
    status, out, err = aloi(way, "corpus", "check", "IN", file="broken.jsonl", cwd=folder)
    assert (status, out) == (1, "")
    name = r"/dev/fd/\d+" if "cat" in way else re.escape(way)
    assert re.match(rf"{name}:3001: document d3000: e: the span", err)
    assert re.search(rf"^{name}:3002: .* duplicate .* first used in {name}:8 ", err, re.MULTILINE)
    assert err.endswith("2 problems\n")


COMMANDS = (
    ("corpus check IN", "gold"),
    ("convert IN - --to inline", "gold"),
    ("convert IN - --to native", "empty"),
    ("convert IN - --to native", "stream"),
    ("convert IN - --from doccano --to native", "stream"),
    ("eval IN a.jsonl", "gold"),
    ("eval gold.jsonl IN", "a"),
    ("eval gold.jsonl a.jsonl --train IN", "b"),
    ("compare gold.jsonl IN b.jsonl --replicates 20", "a"),
    ("annotate agree gold.jsonl IN", "a"),
    ("annotate effort IN gold.jsonl", "a"),
    ("predict model IN -", "gold"),
    ("predict model IN - --workers 2", "gold"),
    ("release diff IN gold.jsonl --changelog", "b"),
)


@pytest.mark.parametrize(("call", "name"), COMMANDS)
def test_pipes_give_what_the_file_gives(folder: Path, call: str, name: str) -> None:
    expected = aloi("file", *call.split(), file=f"{name}.jsonl", cwd=folder)
    for way in ("-", "<(cat {file})"):
        status, out, err = aloi(way, *call.split(), file=f"{name}.jsonl", cwd=folder)
        assert status == expected[0] == 0, err
        if call.startswith(("compare", "annotate agree")):  # they print the names of the inputs
            assert re.findall(r"-?\d\.\d{3}", out) == re.findall(r"-?\d\.\d{3}", expected[1])
        else:
            assert out == expected[1]


@pytest.mark.parametrize("way", PIPES)
def test_a_text_is_added_from_a_stream(tmp_path: Path, way: str) -> None:
    (tmp_path / "corpus.toml").write_text('name = "c"\nversion = "1"\nlicence = "CC0-1.0"\n')
    (tmp_path / "schema.toml").write_text('name = "s"\nversion = "1"\n[entities]\nPER = {}\n')
    (tmp_path / "splits.toml").touch()
    (tmp_path / "text").write_text("Bob est resté.\n")
    status, _, err = aloi(way, "corpus", "add", "IN", ".", "--id", "new", file="text", cwd=tmp_path)
    if way == "fifo":  # its name has no suffix, like that of a file that is refused
        assert (status, err[:61]) == (
            1,
            "fifo: the file is neither a .txt nor an .html file [other-fil",
        )
    else:
        assert status == 0, err
        assert json.loads((tmp_path / "inbox" / "new.json").read_text())["text"] == "Bob est resté."


def test_both_inputs_can_be_pipes(folder: Path) -> None:
    pipes = f"{shlex.join(ALOI)} eval <(cat gold.jsonl) <(cat a.jsonl)"
    call = ["bash", "-c", pipes]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout == aloi("file", "eval", "IN", "a.jsonl", cwd=folder)[1]


def test_predict_writes_the_same_file_from_a_pipe(folder: Path) -> None:
    call = ("predict", "model", "IN")
    assert aloi("file", *call, "whole.jsonl", cwd=folder)[0] == 0
    assert aloi("-", *call, "piped.jsonl", cwd=folder)[0] == 0
    assert (folder / "piped.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()


@pytest.mark.parametrize("way", PIPES)
def test_ray_refuses_streams(folder: Path, way: str) -> None:
    for call in ("predict model IN out --engine ray", "eval gold.jsonl IN --engine ray"):
        status, _, err = aloi(way, *call.split(), cwd=folder)
        assert status == 2
        assert "--engine ray" in err


@pytest.mark.parametrize("call", ["eval - /dev/stdin", "eval pipe pipe", "compare a.jsonl - b -"])
def test_a_stream_cannot_be_two_inputs(folder: Path, tmp_path: Path, call: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        [*ALOI, *call.split()], cwd=tmp_path, input="", capture_output=True, text=True, check=False
    )
    assert done.returncode == 2


def test_a_closed_standard_input_is_an_error(folder: Path) -> None:
    call = ["bash", "-c", f"{shlex.join(ALOI)} corpus check - <&-"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("-: the stream cannot be copied")


@pytest.mark.parametrize("waiting", [True, False])
def test_ctrl_c_leaves_no_copy(folder: Path, tmp_path: Path, waiting: bool) -> None:
    """Whether the run waits for the pipe or for its own output to be read."""
    content = b"" if waiting else (folder / "gold.jsonl").read_bytes()
    process = subprocess.Popen(
        [*ALOI, "convert", "-", "-", "--from", "native", "--to", "inline"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(content)
    process.stdin.flush()
    if not waiting:
        process.stdin.close()
        process.stdin = None
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("aloi-*/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(tmp_path.glob("aloi-*/*"))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (1, 130)
    assert b"Traceback" not in err
    assert not list(tmp_path.iterdir())
