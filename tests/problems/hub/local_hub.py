"""A hub on this machine that serves the clients of models and data sets.

A folder holds `models/owner/name` and `datasets/owner/name`; all are at one commit, and every other
commit that is requested by name exists too, with the same files.
"""

import hashlib
import json
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

COMMIT = "a" * 40


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a hub of these repositories inside the context; yield its address."""
    handler = type("Handler", (_Handler,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def log_message(self, *_: Any) -> None:
        """Do not log requests."""

    def do_GET(self) -> None:
        url = urllib.parse.urlparse(self.path)
        parts = [urllib.parse.unquote(part) for part in url.path.strip("/").split("/")]
        asked = parts[0] == "api"
        kind = "datasets" if "datasets" in parts[:2] else "models"
        owner, name, *rest = [p for p in parts if p not in ("api", kind)] + ["", ""]
        repository = self.folder / kind / owner / name
        rest = [part for part in rest if part]
        if url.path == "/":
            self._send(b"here")
        elif owner and name and repository.is_dir() and asked:
            self._describe(repository, rest, recursive="recursive=true" in url.query.lower())
        elif rest[:1] == ["resolve"] and repository.joinpath(*rest[2:]).is_file():
            self._file(repository.joinpath(*rest[2:]), rest[1])
        else:
            self._send(b"", 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})

    do_HEAD = do_GET

    def _describe(self, repository: Path, rest: list[str], *, recursive: bool) -> None:
        if rest[:1] == ["tree"]:
            below = repository.joinpath(*rest[2:])
            found = sorted(below.rglob("*") if recursive else below.glob("*"))
            self._json([_about(path, repository) for path in found])
            return
        files = sorted(path for path in repository.rglob("*") if path.is_file())
        names = [{"rfilename": path.relative_to(repository).as_posix()} for path in files]
        self._json({"id": repository.name, "sha": _commit(rest[1:]), "siblings": names})

    def _file(self, path: Path, revision: str) -> None:
        content = path.read_bytes()
        tag = f'"{hashlib.sha1(content).hexdigest()}"'
        self._send(content, 200, {"X-Repo-Commit": _commit([revision]), "ETag": tag})

    def _json(self, content: Any) -> None:
        self._send(json.dumps(content).encode(), 200, {"Content-Type": "application/json"})

    def _send(self, body: bytes, code: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _about(path: Path, repository: Path) -> dict[str, Any]:
    name = path.relative_to(repository).as_posix()
    if path.is_dir():
        return {"type": "directory", "path": name, "oid": "0" * 40, "size": 0}
    content = path.read_bytes()
    oid = hashlib.sha1(content).hexdigest()
    return {"type": "file", "path": name, "oid": oid, "size": len(content)}


def _commit(revision: list[str]) -> str:
    return revision[0] if revision and len(revision[0]) == 40 else COMMIT
