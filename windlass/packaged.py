"""Where the files are that come with Windlass: in the package once installed, else in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_INSTALLED = (_PACKAGE / "templates").is_dir()

CHECKOUT = None if _INSTALLED else _PACKAGE.parent
"""The folder of the fabfile; None where Windlass is installed."""

TEMPLATES = (CHECKOUT or _PACKAGE) / "templates"
"""What is installed on servers."""

MANUAL = _PACKAGE / "manual/prompthub.toml" if CHECKOUT is None else CHECKOUT / "config/prompthub.toml"
"""The annotated manual of every key of a configuration."""
