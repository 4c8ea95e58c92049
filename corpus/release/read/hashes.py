"""Salted hashes of texts, and the canary line of a corpus."""

from __future__ import annotations

import hashlib
import uuid

MENTION_HASH_BYTES, DOCUMENT_HASH_BYTES = 8, 16
"""Length of the hash of a mention, and of the hash of a document's text, in bytes."""

MAX_SALT_BYTES = hashlib.blake2b.MAX_KEY_SIZE
"""Maximum length of a salt in UTF-8, in bytes."""


def release_salt(name: str, version: str) -> str:
    """Return the salt of a corpus version; all builds of this version have the same salt."""
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()[:32]


def salted_hash(text: str, salt: str, size: int) -> str:
    """Return the salted BLAKE2b hash of a text, `size` bytes long, in hexadecimal."""
    return hashlib.blake2b(text.encode(), key=salt.encode(), digest_size=size).hexdigest()


def canary_line(name: str) -> str:
    """Return a line that is unique to a corpus, and so reveals the corpus in training data."""
    return f"{name} canary GUID {uuid.uuid5(uuid.NAMESPACE_URL, f'aloi:{name}')}"
