"""Push a release to a local Hub with the real client: one commit, one tag, nothing by accident."""

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
from toy_releases import ALOI, Run, toy_corpus, update_checksums, write_release

from aloi.corpus.formats import parquet
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.release.read.release_folder import Release

# huggingface_hub passes files to its HTTP library in a deprecated way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO = "datasets/org/tiny"
TO = ("--repo", "org/tiny", "--tag", "v1.0.0")


def is_pushed(hub: Hub, folder: Path) -> bool:
    """Return whether the Hub has one commit with exactly these files, and the tag on it."""
    repo = hub.repos[REPO]
    initial, *ours = repo.commits
    pushed = {path: raw for path, raw in repo.head.files.items() if path not in initial.files}
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    files["SHA256SUMS"] = (folder / "SHA256SUMS").read_bytes()
    return len(ours) == 1 and pushed == files and repo.tags == {"v1.0.0": repo.head.oid}


def test_nothing_is_sent_without_execute(hub: Hub, aloi: Run, release: Path) -> None:
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 0, done.stderr
    assert not hub.repos
    assert not hub.count("^(POST|PUT)")
    for expected in (
        "org/tiny",
        "private",
        "v1.0.0",
        "+ documents/train.parquet (",
        "nothing was sent",
    ):
        assert expected in done.stdout


def test_plan_is_shown_if_the_hub_is_unreachable(
    aloi: Run, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nothing answers there
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 0, done.stderr
    assert "the Hub could not be read" in done.stdout
    assert "README.md" in done.stdout
    assert aloi("release", "push", release, *TO, "--execute").returncode == 1


def test_push_creates_a_private_repository_with_one_commit_and_a_tag(
    hub: Hub, aloi: Run, release: Path
) -> None:
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 0, done.stderr
    assert hub.repos[REPO].private
    assert is_pushed(hub, release)
    assert hub.repos[REPO].head.oid in done.stdout


def test_repository_is_public_only_with_public(hub: Hub, aloi: Run, release: Path) -> None:
    assert aloi("release", "push", release, *TO, "--public", "--execute").returncode == 0
    assert not hub.repos[REPO].private


@pytest.mark.parametrize("public", [True, False])
def test_repository_with_another_visibility_is_not_changed(
    hub: Hub, aloi: Run, release: Path, public: bool
) -> None:
    options = [*TO, "--execute"]
    aloi("release", "push", release, *options, *["--public"] * public)
    done = aloi("release", "push", release, *options, *["--public"] * (not public))
    assert done.returncode == 1
    assert "[visibility-mismatch]" in done.stderr


@pytest.mark.slow
def test_datasets_loads_the_tag_as_it_loads_the_release(
    hub: Hub, environment: dict[str, str], aloi: Run, release: Path
) -> None:
    aloi("release", "push", release, *TO, "--execute")
    hub.repos[REPO].commit({"README.md": b"a later commit"}, "not ours")
    code = (
        "import sys\nfrom datasets import load_dataset\n"
        "for config in ('hf-tokens', 'documents', 'relations', 'standoff'):\n"
        "    loaded = load_dataset('org/tiny', config, revision='v1.0.0')\n"
        "    built = load_dataset(sys.argv[1], config)\n"
        "    for split in ('train', 'dev', 'test'):\n"
        "        assert loaded[split].features == built[split].features\n"
        "        assert loaded[split].to_list() == built[split].to_list()\n"
        "        streamed = load_dataset('org/tiny', config, split=split, revision='v1.0.0',\n"
        "                                streaming=True)\n"
        "        assert list(streamed) == built[split].to_list()\n"
        "print(load_dataset('org/tiny', 'documents', revision='v1.0.0')['test'][0]['text'])\n"
        "print(*load_dataset('org/tiny', revision='v1.0.0')['test'].features)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, release],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    columns = "id document_id tokens ner_tags whitespace"
    assert done.stdout == f"{toy.sentence(20).text}\n{columns}\n", done.stderr


def test_pushing_the_same_release_again_sends_nothing(hub: Hub, aloi: Run, release: Path) -> None:
    aloi("release", "push", release, *TO, "--execute")
    hub.requests.clear()
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("already exists") == 3  # repository, commit and tag
    assert is_pushed(hub, release)
    assert not hub.count("^(POST|PUT)")


def test_new_version_replaces_all_files_of_the_old_one(
    hub: Hub, aloi: Run, release: Path, tmp_path: Path
) -> None:
    """1.1.0 has one document less in train, and lacks the notes of 1.0.0."""
    (release / "NOTES.md").write_text("notes")
    aloi("release", "push", update_checksums(release), *TO, "--execute")
    corpus = toy_corpus(tmp_path / "corpus")
    (corpus / "gold" / "d0.json").unlink()
    splits = corpus / "splits.toml"
    splits.write_text(splits.read_text().replace('"d0", ', ""))
    newer, options = write_release(corpus, "1.1.0"), ("--repo", "org/tiny", "--tag", "v1.1.0")
    shown = aloi("release", "push", newer, *options).stdout
    assert "~ documents/train.parquet" in shown
    assert "- NOTES.md" in shown
    assert "documents/test.parquet" not in shown
    assert aloi("release", "push", newer, *options, "--execute").returncode == 0
    first, second = hub.repos[REPO].commits[1:]
    assert hub.repos[REPO].tags == {"v1.0.0": first.oid, "v1.1.0": second.oid}
    assert first.files.keys() - second.files.keys() == {"NOTES.md"}
    assert ".gitattributes" in second.files


def test_existing_tag_with_different_files_is_not_moved(hub: Hub, aloi: Run, release: Path) -> None:
    aloi("release", "push", release, *TO, "--execute")
    (release / "README.md").write_text("another card")
    done = aloi("release", "push", update_checksums(release), *TO, "--execute")
    assert done.returncode == 1
    assert "[tag-taken]" in done.stderr
    assert hub.repos[REPO].tags["v1.0.0"][:7] in done.stderr
    assert len(hub.repos[REPO].commits) == 2


def test_commit_by_someone_else_stops_the_push(hub: Hub, aloi: Run, release: Path) -> None:
    def commit_first(request: str) -> None:
        if "/preupload/" in request:
            hub.repos[REPO].commit({"README.md": b"someone else's"}, "meanwhile")

    hub.before = commit_first
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 1
    assert "[stale-parent]" in done.stderr
    assert "has a new commit" in done.stderr
    assert hub.repos[REPO].head.message == "meanwhile"
    assert not hub.repos[REPO].tags


STEPS = ["POST .*/create", "POST .*/batch", "PUT /lfs/", "POST .*/commit/", "POST .*/tag/"]


@pytest.mark.parametrize("step", STEPS)
def test_push_can_be_repeated_after_the_client_was_killed_at_any_step(
    hub: Hub, environment: dict[str, str], aloi: Run, release: Path, step: str
) -> None:
    """The client is killed after the Hub has handled the request and before it answers."""
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
    assert is_pushed(hub, release)
    again = aloi("release", "push", release, *TO, "--execute")
    assert again.returncode == 0
    assert is_pushed(hub, release)


def test_lost_connection_is_reported_and_the_push_can_be_repeated(
    hub: Hub, aloi: Run, release: Path
) -> None:
    def hang_up(request: str) -> None:
        if "/commit/" in request:
            raise HangUpError

    hub.after = hang_up  # the Hub has the commit, but the client gets no answer
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 1
    assert "Repeat the push" in done.stderr
    hub.after = lambda request: None
    assert aloi("release", "push", release, *TO, "--execute").returncode == 0
    assert is_pushed(hub, release)


@pytest.mark.parametrize(
    ("token", "kind"),
    [("hf_nobodynobodynobody", "bad-token"), (READER, "no-write-access"), ("", "no-token")],
)
def test_invalid_token_is_reported_but_not_printed(
    hub: Hub, aloi: Run, release: Path, token: str, kind: str
) -> None:
    """The Hub repeats the token in its message; the fixture `aloi` searches all output for it."""
    done = aloi("release", "push", release, *TO, "--execute", token=token)
    assert done.returncode == 1
    assert f"[{kind}]" in done.stderr
    assert not hub.repos


def test_plan_says_that_an_unseen_repository_may_be_hidden(
    hub: Hub, aloi: Run, release: Path
) -> None:
    aloi("release", "push", release, *TO, "--execute")
    done = aloi("release", "push", release, *TO, token="")
    assert done.returncode == 0
    assert "new, or hidden from this access token" in done.stdout


def test_error_message_of_the_hub_is_shown(hub: Hub, aloi: Run, release: Path) -> None:
    def refuse(request: str) -> None:
        if request.startswith("POST /api/repos/create"):
            raise RefusalError(402, "", "Payment required")

    hub.before = refuse
    done = aloi("release", "push", release, *TO, "--execute")
    assert done.returncode == 1
    assert "Payment required" in done.stderr


def add_withheld_text(folder: Path) -> None:
    """Add the text of the withheld document to the tables, and update the checksums."""
    manifest = Release.open(folder).manifest
    withheld = toy.sentence(25)
    assert [each.redistributable for each in manifest.documents["test"] if each.id == "d25"] == [0]
    documents = [*Release.open(folder).documents()["test"], withheld]
    parquet.write(documents, folder / "documents" / "test.parquet", parquet.WriteOptions(), Notes())
    update_checksums(folder)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda folder: (folder / "README.md").write_text("x"), "checksum"),
        (lambda folder: (folder / "README.md").unlink(), "checksum"),
        (lambda folder: (folder / "notes.txt").write_text("x"), "checksum"),
        (lambda folder: (folder / "release.json").unlink(), "bad-release"),
        (add_withheld_text, "restricted-text"),
    ],
)
def test_release_changed_after_the_build_is_rejected(
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
        ("org/tiny", "v2.0.0", "version-mismatch"),
        ("tiny", "v1.0.0", "bad-repository"),
        ("org/tiny", "1.0.0", "bad-tag"),
    ],
)
def test_malformed_or_wrong_target_is_rejected(
    hub: Hub, aloi: Run, release: Path, repo: str, tag: str, kind: str
) -> None:
    done = aloi("release", "push", release, "--repo", repo, "--tag", tag, "--execute")
    assert done.returncode == 1
    assert f"[{kind}]" in done.stderr
    assert not hub.requests


def test_saved_login_is_used_without_hf_token(hub: Hub, aloi: Run, release: Path) -> None:
    Path(constants.HF_TOKEN_PATH).write_text(WRITER)
    done = aloi("release", "push", release, *TO, "--execute", token="")
    assert done.returncode == 0, done.stderr
    assert WRITER not in done.stdout + done.stderr
    assert is_pushed(hub, release)
