"""A release goes to a hub whole, once, and only as far as it may; by the real client."""

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import toy
from hub import READER, WRITER, HangUpError, Hub, RefusalError
from huggingface_hub import constants
from toy_releases import ALOI, Run, seal, toy_corpus, write_release

from aloi.corpus.formats import parquet
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.release.read.layout import Release

# The client's own: how it hands a file to its HTTP library.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO = "datasets/org/tiny"
TO = ("--repo", "org/tiny", "--tag", "v1.0.0")


def pushed(hub: Hub, folder: Path) -> bool:
    """Whether the hub has one commit beyond its own, with exactly these files, and the tag."""
    repo = hub.repos[REPO]
    own, *ours = repo.commits
    there = {path: raw for path, raw in repo.head.files.items() if path not in own.files}
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    files["SHA256SUMS"] = (folder / "SHA256SUMS").read_bytes()
    return len(ours) == 1 and there == files and repo.tags == {"v1.0.0": repo.head.oid}


def test_nothing_is_sent_unless_told(hub: Hub, aloi: Run, release: Path) -> None:
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 0, done.stderr
    assert not hub.repos
    assert not hub.count("^(POST|PUT)")
    for said in (
        "org/tiny",
        "private",
        "v1.0.0",
        "+ documents/train.parquet (",
        "nothing was sent",
    ):
        assert said in done.stdout


def test_nothing_need_be_reached_to_see_what_would_go(
    aloi: Run, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nothing answers there
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 0, done.stderr
    assert "the hub could not be read" in done.stdout
    assert "README.md" in done.stdout
    assert aloi("release", "push", release, *TO, "--execute").returncode == 1


def test_a_push_makes_a_private_repository_with_one_commit_and_its_tag(
    hub: Hub, aloi: Run, release: Path
) -> None:
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 0, done.stderr
    assert hub.repos[REPO].private
    assert pushed(hub, release)
    assert hub.repos[REPO].head.oid in done.stdout


def test_a_release_is_public_only_if_told(hub: Hub, aloi: Run, release: Path) -> None:
    assert aloi("release", "push", release, *TO, "--public", "--execute").returncode == 0
    assert not hub.repos[REPO].private


@pytest.mark.parametrize("public", [True, False])
def test_a_repository_that_is_not_what_is_said_is_left_alone(
    hub: Hub, aloi: Run, release: Path, public: bool
) -> None:
    options = [*TO, "--execute"]
    aloi("release", "push", release, *options, *["--public"] * public)
    done = aloi("release", "push", release, *options, *["--public"] * (not public))
    assert done.returncode == 1
    assert "[other-visibility]" in done.stderr


@pytest.mark.slow
def test_datasets_loads_the_tag_and_it_equals_the_release(
    hub: Hub, environment: dict[str, str], aloi: Run, release: Path
) -> None:
    aloi("release", "push", release, *TO, "--execute")
    hub.repos[REPO].commit({"README.md": b"later, and wrong"}, "not ours")
    code = (
        "import sys\nfrom datasets import load_dataset\n"
        "for config in ('documents', 'tokens', 'relations', 'standoff'):\n"
        "    loaded = load_dataset('org/tiny', config, revision='v1.0.0')\n"
        "    built = load_dataset(sys.argv[1], config)\n"
        "    for split in ('train', 'dev', 'test'):\n"
        "        assert loaded[split].features == built[split].features\n"
        "        assert loaded[split].to_list() == built[split].to_list()\n"
        "print(load_dataset('org/tiny', revision='v1.0.0')['test'][0]['text'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, release],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == toy.sentence(20).text + "\n", done.stderr


def test_pushing_again_without_a_change_sends_nothing(hub: Hub, aloi: Run, release: Path) -> None:
    aloi("release", "push", release, *TO, "--execute")
    hub.requests.clear()
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("there already") == 3  # repository, commit and tag
    assert pushed(hub, release)
    assert not hub.count("^(POST|PUT)")


def test_a_new_version_replaces_the_old_one_whole(
    hub: Hub, aloi: Run, release: Path, tmp_path: Path
) -> None:
    """1.1.0 has one document less in train, and no longer the notes that 1.0.0 had."""
    (release / "NOTES.md").write_text("to go")
    aloi("release", "push", seal(release), *TO, "--execute")
    corpus = toy_corpus(tmp_path / "corpus")
    (corpus / "gold" / "d0.json").unlink()
    splits = corpus / "splits.toml"
    splits.write_text(splits.read_text().replace('"d0", ', ""))
    newer, to = write_release(corpus, "1.1.0"), ("--repo", "org/tiny", "--tag", "v1.1.0")
    shown = aloi("release", "push", newer, *to).stdout
    assert "~ documents/train.parquet" in shown
    assert "- NOTES.md" in shown
    assert "documents/test.parquet" not in shown
    assert aloi("release", "push", newer, *to, "--execute").returncode == 0
    first, second = hub.repos[REPO].commits[1:]
    assert hub.repos[REPO].tags == {"v1.0.0": first.oid, "v1.1.0": second.oid}
    assert first.files.keys() - second.files.keys() == {"NOTES.md"}
    assert ".gitattributes" in second.files


def test_a_tag_on_other_files_is_never_moved(hub: Hub, aloi: Run, release: Path) -> None:
    aloi("release", "push", release, *TO, "--execute")
    (release / "README.md").write_text("another card")
    done = aloi("release", "push", seal(release), *TO, "--execute")
    assert done.returncode == 1
    assert "[tag-taken]" in done.stderr
    assert hub.repos[REPO].tags["v1.0.0"][:7] in done.stderr
    assert len(hub.repos[REPO].commits) == 2


def test_a_commit_of_another_meanwhile_stops_the_push(hub: Hub, aloi: Run, release: Path) -> None:
    def intrude(request: str) -> None:
        if "/preupload/" in request:
            hub.repos[REPO].commit({"README.md": b"someone else's"}, "meanwhile")

    hub.before = intrude
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 1
    assert "[stale-parent]" in done.stderr
    assert "someone has committed" in done.stderr
    assert hub.repos[REPO].head.message == "meanwhile"
    assert not hub.repos[REPO].tags


STEPS = ["POST .*/create", "POST .*/batch", "PUT /lfs/", "POST .*/commit/", "POST .*/tag/"]


@pytest.mark.parametrize("step", STEPS)
def test_a_client_killed_at_any_step_goes_on_when_started_again(
    hub: Hub, environment: dict[str, str], aloi: Run, release: Path, step: str
) -> None:
    """Killed once the hub has acted, before it answers."""
    command = [*ALOI, "release", "push", str(release), *TO, "--execute"]
    reached = threading.Event()

    def kill(request: str) -> None:
        if not reached.is_set() and re.match(step, request):
            reached.set()
            client.send_signal(signal.SIGKILL)
            client.wait()
            raise HangUpError

    hub.after = kill
    client = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    client.communicate()
    assert client.returncode == -signal.SIGKILL
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 0, done.stderr
    assert pushed(hub, release)
    again = aloi("release", "push", release, *TO, "--execute")
    assert again.returncode == 0
    assert pushed(hub, release)


def test_a_connection_lost_at_the_commit_is_told_and_mended_by_pushing_again(
    hub: Hub, aloi: Run, release: Path
) -> None:
    def hang_up(request: str) -> None:
        if "/commit/" in request:
            raise HangUpError

    hub.after = hang_up  # the commit is made, the client never learns of it
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 1
    assert "Push again" in done.stderr
    hub.after = lambda request: None
    assert aloi("release", "push", release, *TO, "--execute").returncode == 0
    assert pushed(hub, release)


@pytest.mark.parametrize(
    ("token", "kind"),
    [("hf_nobodynobodynobody", "bad-token"), (READER, "no-right"), ("", "no-token")],
)
def test_a_token_that_will_not_do_is_told_and_not_shown(
    hub: Hub, aloi: Run, release: Path, token: str, kind: str
) -> None:
    """The hub even repeats the reader's token in what it says; `aloi` checks all output for it."""
    done = aloi("release", "push", release, *TO, "--execute", token=token)
    assert done.returncode == 1
    assert f"[{kind}]" in done.stderr
    assert not hub.repos


def test_a_repository_hidden_from_the_token_is_not_taken_for_one_that_is_not_there(
    hub: Hub, aloi: Run, release: Path
) -> None:
    aloi("release", "push", release, *TO, "--execute")
    done = aloi("release", "push", release, *TO, token="")
    assert done.returncode == 0
    assert "new, if not hidden" in done.stdout


def test_an_error_of_the_hub_itself_is_told(hub: Hub, aloi: Run, release: Path) -> None:
    def refuse(request: str) -> None:
        if request.startswith("POST /api/repos/create"):
            raise RefusalError(402, "", "Payment required")

    hub.before = refuse
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 1
    assert "Payment required" in done.stderr


def smuggle(folder: Path) -> None:
    """Give the text of the document that is withheld, and sums that agree."""
    manifest = Release.open(folder).manifest
    withheld = toy.sentence(25)
    assert [each.redistributable for each in manifest.documents["test"] if each.id == "d25"] == [0]
    held = [*Release.open(folder).documents()["test"], withheld]
    parquet.write(held, folder / "documents" / "test.parquet", parquet.WriteOptions(), Notes())
    seal(folder)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda folder: (folder / "README.md").write_text("x"), "checksum"),
        (lambda folder: (folder / "README.md").unlink(), "checksum"),
        (lambda folder: (folder / "notes.txt").write_text("x"), "checksum"),
        (lambda folder: (folder / "release.json").unlink(), "bad-release"),
        (smuggle, "restricted-text"),
    ],
)
def test_a_folder_that_is_no_longer_what_was_built_is_refused(
    hub: Hub, aloi: Run, release: Path, change: object, kind: str
) -> None:
    assert callable(change)
    change(release)
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 1
    assert f"[{kind}]" in done.stderr
    assert not hub.requests


@pytest.mark.parametrize(
    ("repo", "tag", "kind"),
    [
        ("org/tiny", "v2.0.0", "other-version"),
        ("tiny", "v1.0.0", "bad-repository"),
        ("org/tiny", "1.0.0", "bad-tag"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(
    hub: Hub, aloi: Run, release: Path, repo: str, tag: str, kind: str
) -> None:
    done = aloi("release", "push", release, "--repo", repo, "--tag", tag, "--execute")
    assert done.returncode == 1
    assert f"[{kind}]" in done.stderr
    assert not hub.requests


def test_the_login_that_is_kept_serves_as_well(hub: Hub, aloi: Run, release: Path) -> None:
    Path(constants.HF_TOKEN_PATH).write_text(WRITER)
    done = aloi("release", "push", release, *TO, "--execute", token="")
    assert done.returncode == 0, done.stderr
    assert WRITER not in done.stdout + done.stderr
    assert pushed(hub, release)
