"""Putting the configuration where it belongs, without ever losing another."""

from __future__ import annotations

from pathlib import Path

from windlass.errors import UsageError, WindlassError


def refuse_to_replace(file: Path) -> None:
    """Raise UsageError where the file is there already."""
    if file.exists() or file.is_symlink():
        raise UsageError(
            f"{file} is there already; nothing was written",
            hint=f"--force keeps it as {kept_name(file).name}; --name gives another name, --dry-run only prints",
        )


def kept_name(file: Path) -> Path:
    """A name for what is to be replaced, numbered, which no command takes for an app."""
    number = 1
    while (kept := file.with_name(f"{file.name}.{number}")).exists():
        number += 1
    return kept


def write(file: Path, text: str, *, force: bool) -> Path | None:
    """Write the file and its folder; with `force`, what was there is kept under the returned name.

    Raises UsageError where the file is there and need not be replaced, WindlassError where it cannot be written.
    """
    if not force:
        refuse_to_replace(file)
    kept = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            kept = kept_name(file)
            with kept.open("xb") as copy:
                copy.write(file.read_bytes())
        incoming = file.with_name(f".{file.name}.new")
        incoming.write_text(text, "utf-8")
        incoming.replace(file)
    except OSError as error:
        raise WindlassError(f"{error.filename or file}: {error.strerror}; {file} was not written") from None
    return kept
