"""Static files: addresses that carry a content hash, and the view that serves them.

A file asked for with its right hash never changes and may be kept for ever; any other address of it
is only kept for minutes. Folders are mounted; nothing outside a mounted folder can be reached.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

PREFIX: Final = "/static/"
HASH_LENGTH: Final = 10
FOREVER: Final = "public, max-age=31536000, immutable"
SHORTLY: Final = "public, max-age=300"
TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".ico": "image/x-icon",
}
TEXT: Final = ("text/", "image/svg+xml", "application/json", "application/manifest+json")


class UnknownAsset(LookupError):
    """A template names a file that is not there."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file on disk with the hash of its content."""

    path: Path
    digest: str
    stamp: tuple[int, int]


@dataclass(slots=True)
class StaticFiles:
    """Mounted folders and what is known of the files in them."""

    mounts: dict[str, Path] = field(default_factory=dict)
    built: dict[str, str] = field(default_factory=dict)
    _known: dict[str, StaticFile] = field(default_factory=dict)

    def mount(self, prefix: str, folder: Path) -> None:
        """Serve a folder below ``/static/<prefix>/``."""
        self.mounts[prefix] = folder.resolve()

    def read_manifest(self, folder: Path) -> None:
        """Serve built assets; their names come from the manifest the build wrote."""
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.built = {name: entry["file"] for name, entry in manifest["assets"].items()}
        self.mount("dist", folder)

    def asset(self, name: str) -> str:
        """Address of a built asset; its file name carries the hash already."""
        if name not in self.built:
            raise UnknownAsset(f"no built asset is called {name!r}")
        return f"{PREFIX}dist/{self.built[name]}"

    def url(self, address: str) -> str:
        """Address of ``<mount>/<file>`` with its content hash."""
        found = self.find(address)
        if found is None:
            raise UnknownAsset(f"there is no static file {address!r}")
        return f"{PREFIX}{address}?v={found.digest}"

    def find(self, address: str) -> StaticFile | None:
        """The file behind an address, or None; hashes are kept until the file changes."""
        path = self._locate(address)
        if path is None:
            return None
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._known.get(address)
        if known is None or known.stamp != stamp:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_LENGTH]
            known = self._known[address] = StaticFile(path, digest, stamp)
        return known

    def _locate(self, address: str) -> Path | None:
        if "\0" in address:
            return None
        for prefix, folder in self.mounts.items():
            if address.startswith(f"{prefix}/"):
                path = (folder / address.removeprefix(f"{prefix}/")).resolve()
                return path if path.is_relative_to(folder) and path.is_file() else None
        return None

    def is_immutable(self, address: str, found: StaticFile, version: str | None) -> bool:
        """Whether this address can only ever mean this content."""
        return version == found.digest or address.removeprefix("dist/") in self.built.values()


def serve(request: Any) -> Any:
    """View: one static file, or 404."""
    files: StaticFiles = request.registry["suwen.themes"].files
    return _response(request, files, "/".join(request.matchdict["subpath"]))


def favicon(request: Any) -> Any:
    """View: the icon that browsers ask for by themselves."""
    themes = request.registry["suwen.themes"]
    return _response(request, themes.files, themes.static_address(request.theme, "img/favicon.ico"))


def _response(request: Any, files: StaticFiles, address: str) -> Any:
    found = files.find(address)
    if found is None:
        raise HTTPNotFound
    # Read at once: the files are small, and an iterator is not closed by every server.
    response = Response(body=found.path.read_bytes(), content_type=content_type(found.path))
    response.last_modified = int(found.stamp[0] / 1e9)
    if response.content_type.startswith(TEXT):
        response.charset = "utf-8"
    immutable = files.is_immutable(address, found, request.GET.get("v"))
    response.headers["Cache-Control"] = FOREVER if immutable else SHORTLY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.etag = found.digest
    response.conditional_response = True
    return response


def content_type(path: Path) -> str:
    """Media type by suffix, independent of the machine's own table for what we ship."""
    guessed = mimetypes.guess_type(path.name)[0]
    return TYPES.get(path.suffix) or guessed or "application/octet-stream"
