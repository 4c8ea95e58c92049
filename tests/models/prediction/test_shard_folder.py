"""The output folder of a prediction in shards."""

from pathlib import Path

from aloi.corpus.atomic_files import atomic_text_file
from aloi.models.prediction.shard_folder import ShardFolder


def interrupted_write(file: Path) -> Path:
    """Write a file; return the scratch that would be left if the process had been killed."""
    before = set(file.parent.iterdir()) if file.parent.exists() else set()
    with atomic_text_file(file):
        (scratch,) = set(file.parent.iterdir()) - before
    scratch.touch()
    return scratch


def test_only_scratch_is_removed_besides_the_shards(tmp_path: Path) -> None:
    output = ShardFolder(tmp_path, "native")
    removed = [
        *map(interrupted_write, (output.documents_file("a"), output.errors_file("a/b"))),
        interrupted_write(output.manifest),
        output.documents_file("a"),
    ]
    kept = [tmp_path / ".gitignore", tmp_path / "documents" / ".keep", tmp_path / ".notes.aloi"]
    for file in kept:
        file.touch()
    output.remove_shards(["a"])
    assert not any(file.exists() for file in removed)
    assert all(file.exists() for file in kept)
