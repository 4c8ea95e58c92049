"""A local Hugging Face Hub in memory, with the routes that huggingface_hub and datasets use.

The real client connects to it over HTTP, with `HF_ENDPOINT` set to `Hub.url`. Tests can inspect
`repos` and `requests`, and run code before and after each request (`Hub.before`, `Hub.after`).
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

WRITER, READER = "hf_writerwriterwriter", "hf_readerreaderreader"
LFS = (".parquet", ".npz", "/vectors", "/model")
"""Endings of the paths of large files, as in the .gitattributes of a Hub."""

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class HangUpError(Exception):
    """Raised by `Hub.before` or `Hub.after` to close the connection without an answer."""


class RefusalError(Exception):
    """An error answer: HTTP status, error code of the Hub, and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = status, {"error": message}, {"X-Error-Code": code, "X-Error-Message": message}


@dataclass
class Commit:
    files: dict[str, bytes]
    message: str
    number: int

    @property
    def oid(self) -> str:
        return hashlib.sha1(repr((self.number, self.message, self.files)).encode()).hexdigest()


@dataclass
class Repo:
    private: bool
    commits: list[Commit]
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def commit(self, files: Mapping[str, bytes], message: str) -> Commit:
        self.commits.append(Commit(dict(files), message, len(self.commits)))
        return self.head

    def at(self, revision: str) -> Commit:
        oid = self.head.oid if revision == "main" else self.tags.get(revision, revision)
        for commit in self.commits:
            if commit.oid == oid:
                return commit
        raise RefusalError(404, "RevisionNotFound", f"Invalid rev id: {revision}")


@dataclass
class Hub:
    """A Hub that serves requests within `with Hub() as hub`."""

    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda request: None
    """Called with `METHOD /path`; may change the Hub, or raise `HangUpError` or `RefusalError`."""
    after: Callable[[str], None] = lambda request: None
    """Called after a request took effect and before its answer is sent."""

    def __enter__(self) -> Self:
        self._lock = threading.RLock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def count(self, pattern: str) -> int:
        """Return the number of requests that match a pattern."""
        return sum(bool(re.search(pattern, request)) for request in self.requests)

    def answer(self, request: str, token: str, body: bytes) -> Answer:
        self.requests.append(request)
        for pattern, method in _ROUTES:
            match = re.fullmatch(pattern, request)
            if match:
                parts = {name: unquote(part) for name, part in match.groupdict().items() if part}
                with self._lock:
                    self.before(request)
                    self._admit(parts.get("repo"), token, write=method in _WRITES)
                    answer: Answer = method(self, body, **parts)
                    self.after(request)
                    return answer
        raise RefusalError(404, "EntryNotFound", f"no such route: {request}")

    def _admit(self, name: str | None, token: str, *, write: bool) -> None:
        if token not in ("", WRITER, READER):
            raise RefusalError(401, "", "Invalid credentials in Authorization header")
        repo = self.repos.get(name or "")
        if name and (repo is None or (repo.private and not token)):
            raise RefusalError(404 if token else 401, "RepoNotFound", "Repository not found")
        if write and token != WRITER:
            raise RefusalError(403, "", f"you don't have the rights, {token}")

    # Each route gets the body of the request and the parts of its path, and returns the answer.

    def create(self, body: bytes) -> Answer:
        settings = json.loads(body)
        kind = "" if settings["type"] == "model" else f"{settings['type']}s/"
        name = f"{kind}{settings['organization']}/{settings['name']}"
        url = {"url": f"{self.url}/{name}"}
        if name in self.repos:
            return 409, {"error": "You already created this repo", **url}
        self.repos[name] = repo = Repo(settings.get("visibility") == "private", [])
        repo.commit({".gitattributes": b"*.parquet filter=lfs\n"}, "initial commit")
        return 200, url

    def info(self, _: bytes, *, repo: str, revision: str = "main") -> Answer:
        repository = self.repos[repo]
        commit = repository.at(revision)
        siblings = [{"rfilename": path} for path in sorted(commit.files)]
        private = {"private": repository.private, "siblings": siblings}
        return 200, {"id": repo.removeprefix("datasets/"), "sha": commit.oid, **private}

    def refs(self, _: bytes, *, repo: str) -> Answer:
        repository = self.repos[repo]
        tags = [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid}
            for name, oid in repository.tags.items()
        ]
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.head.oid}
        return 200, {"branches": [main], "converts": [], "tags": tags}

    def tree(self, _: bytes, *, repo: str, revision: str, path: str = "") -> Answer:
        files = self.repos[repo].at(revision).files
        return 200, [_entry(each, files[each]) for each in sorted(files) if each.startswith(path)]

    def paths(self, body: bytes, *, repo: str, revision: str) -> Answer:
        files = self.repos[repo].at(revision).files
        paths = json.loads(body)["paths"]
        folders = [
            {"type": "directory", "path": each, "oid": "0" * 40}
            for each in paths
            if any(path.startswith(f"{each}/") for path in files)
        ]
        return 200, [_entry(each, files[each]) for each in paths if each in files] + folders

    def preupload(self, body: bytes, *, repo: str, revision: str) -> Answer:
        files = self.repos[repo].at(revision).files
        paths = [file["path"] for file in json.loads(body)["files"]]
        modes = [
            {
                "path": path,
                "uploadMode": "lfs" if path.endswith(LFS) else "regular",
                "shouldIgnore": False,
                "oid": _oid(path, files[path]) if path in files else None,
            }
            for path in paths
        ]
        return 200, {"files": modes}

    def batch(self, body: bytes, *, repo: str) -> Answer:
        objects = json.loads(body)["objects"]
        for each in objects:
            if each["oid"] not in self.objects:
                upload, verify = f"{self.url}/lfs/{each['oid']}", f"{self.url}/lfs/verify"
                each["actions"] = {"upload": {"href": upload}, "verify": {"href": verify}}
        return 200, {"transfer": "basic", "objects": objects}

    def upload(self, body: bytes, *, oid: str) -> Answer:
        if hashlib.sha256(body).hexdigest() != oid:
            raise RefusalError(400, "", "the content has another hash")
        self.objects[oid] = body
        return 200, {}

    def verify(self, body: bytes) -> Answer:
        return (200 if json.loads(body)["oid"] in self.objects else 404), {}

    def validate(self, _: bytes) -> Answer:
        return 200, {"errors": [], "warnings": []}

    def commit(self, body: bytes, *, repo: str, revision: str) -> Answer:
        repository = self.repos[repo]
        head, *items = [json.loads(line) for line in body.splitlines()]
        parent = head["value"].get("parentCommit")
        if parent not in (None, repository.at(revision).oid):
            message = "A commit has happened since. Please refresh and try again."
            raise RefusalError(412, "PreconditionFailed", message)
        files = dict(repository.head.files)
        for item in items:
            path = item["value"]["path"]
            if item["key"] == "file":
                files[path] = base64.b64decode(item["value"]["content"])
            elif item["key"] == "lfsFile":
                files[path] = self.objects[item["value"]["oid"]]
            else:
                del files[path]
        commit = repository.commit(files, head["value"]["summary"])
        url = f"{self.url}/{repo}/commit/{commit.oid}"
        return 200, {"commitOid": commit.oid, "commitUrl": url}

    def tag(self, body: bytes, *, repo: str, revision: str) -> Answer:
        repository, name = self.repos[repo], json.loads(body)["tag"]
        if name in repository.tags:
            raise RefusalError(409, "", "Tag reference exists already")
        repository.tags[name] = repository.at(revision).oid
        return 200, {}

    def resolve(self, _: bytes, *, repo: str, revision: str, path: str) -> Answer:
        commit = self.repos[repo].at(revision)
        if path not in commit.files:
            raise RefusalError(404, "EntryNotFound", "Entry not found")
        etag = f'"{_oid(path, commit.files[path])}"'
        return 200, commit.files[path], {"ETag": etag, "X-Repo-Commit": commit.oid}


_TYPED = r"/api/(?:models/(?=.)|(?=datasets/))(?P<repo>(?:datasets/)?[\w.-]+/[\w.-]+)"
_REPO = r"/(?P<repo>(?:datasets/)?[\w.-]+/[\w.-]+)"
_REVISION = r"(?P<revision>[^/]+)"

_ROUTES: tuple[tuple[str, Callable[..., Answer]], ...] = (
    (r"POST /api/repos/create", Hub.create),
    (r"POST /api/validate-yaml", Hub.validate),
    (rf"GET {_TYPED}(/revision/{_REVISION})?", Hub.info),
    (rf"GET {_TYPED}/refs", Hub.refs),
    (rf"GET {_TYPED}/tree/{_REVISION}(/(?P<path>.+))?", Hub.tree),
    (rf"POST {_TYPED}/paths-info/{_REVISION}", Hub.paths),
    (rf"POST {_TYPED}/preupload/{_REVISION}", Hub.preupload),
    (rf"POST {_TYPED}/commit/{_REVISION}", Hub.commit),
    (rf"POST {_TYPED}/tag/{_REVISION}", Hub.tag),
    (rf"POST {_REPO}\.git/info/lfs/objects/batch", Hub.batch),
    (r"POST /lfs/verify", Hub.verify),
    (r"PUT /lfs/(?P<oid>\w+)", Hub.upload),
    (rf"(?:GET|HEAD) {_REPO}/resolve/{_REVISION}/(?P<path>.+)", Hub.resolve),
)
_WRITES = (Hub.create, Hub.preupload, Hub.batch, Hub.commit, Hub.tag)


def _oid(path: str, content: bytes) -> str:
    """Return the SHA-256 of a large file, or the git blob SHA-1 of any other file."""
    if path.endswith(LFS):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _entry(path: str, content: bytes) -> dict[str, Any]:
    size, oid = len(content), _oid(path, content)
    if path.endswith(LFS):
        large = {"oid": oid, "size": size, "pointerSize": 130}
        return {"type": "file", "path": path, "size": size, "oid": "0" * 40, "lfs": large}
    return {"type": "file", "path": path, "size": size, "oid": oid}


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self._body()
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        request = f"{self.command} {urlsplit(self.path).path}"
        try:
            answer = self.hub.answer(request, token, body)
        except RefusalError as error:
            answer = error.answer
        except HangUpError:
            self.close_connection = True
            return
        with suppress(ConnectionError):  # the client may have been killed
            self._send(*answer)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, status: int, content: Any, headers: Mapping[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        kind = "application/octet-stream" if isinstance(content, bytes) else "application/json"
        self.send_response(status)
        all_headers = {"Content-Type": kind, "Content-Length": str(len(raw)), **(headers or {})}
        for name, value in all_headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Print nothing."""
