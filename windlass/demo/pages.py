"""What an answer says: which assets a page names, and which release it comes from."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urljoin, urlsplit

from windlass.demo.http_client import Response

_TAG = re.compile(r"<(script|link|img)\b([^>]*)>", re.IGNORECASE)
_ADDRESS = re.compile(r"""\b(?:src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_NOT_AN_ASSET = re.compile(
    r"""\brel\s*=\s*["']?(canonical|alternate|preconnect|dns-prefetch)""", re.IGNORECASE
)


def release_of(response: Response) -> str | None:
    """The commit that an answer names, as /api/health does: JSON with a key `commit`; else None."""
    if "json" not in response.headers.get("content-type", ""):
        return None
    try:
        value = json.loads(response.body)
    except ValueError:
        return None
    return value.get("commit") if isinstance(value, dict) else None


def assets_of(page: str, path: str) -> list[str]:
    """The scripts, styles and images of the same origin that a page names, each once, in order."""
    found: dict[str, None] = {}
    for _, attributes in _TAG.findall(page):
        address = _ADDRESS.search(attributes)
        if not address or _NOT_AN_ASSET.search(attributes):
            continue
        parts = urlsplit(
            urljoin(f"http://same{path}", html.unescape(address[1] or address[2] or address[3] or ""))
        )
        if parts.netloc == "same":
            found[parts.path + (f"?{parts.query}" if parts.query else "")] = None
    return list(found)
