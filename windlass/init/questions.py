"""What the operator is asked, each with the flag that answers it and the way an answer is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from windlass.config.fields import AppName, HostName, Ref, Repository, ServerName, UrlPath
from windlass.config.secrets import secrets_in
from windlass.errors import UsageError
from windlass.init.setting import Entry, Setting, value_of


@dataclass(frozen=True)
class Question:
    """A key, the flag and the words that ask for it; `read` makes its value or raises ValueError."""

    path: tuple[str, ...]
    flag: str
    words: str
    read: Callable[[str], Any]
    required: bool = False

    def setting(self, typed: str) -> Setting:
        """What was typed as a setting; raises ValueError with the reason where it cannot be."""
        return Setting(self.path, self.read(typed.strip()), f"Given as --{self.flag}.", given=True)

    def given(self, typed: str) -> Setting:
        """The same for a flag; raises UsageError."""
        try:
            return self.setting(typed)
        except ValueError as error:
            raise UsageError(f"--{self.flag}: {error}", hint="fab --help init lists the options") from None


def _one(kind: Any) -> Callable[[str], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def read(typed: str) -> Any:
        try:
            return adapter.validate_python(typed)
        except ValidationError as error:
            context = error.errors()[0].get("ctx", {})
            raise ValueError(str(context.get("error", error.errors()[0]["msg"]))) from None

    return read


def _several(kind: Any) -> Callable[[str], Any]:
    one = _one(kind)
    return lambda typed: [one(word.strip()) for word in typed.replace(" ", ",").split(",") if word.strip()]


def repository(typed: str) -> str:
    """The address of a repository; raises ValueError for what is none, and for one that holds a secret."""
    for problem in secrets_in(typed, ("app", "repository")):
        raise ValueError(problem.reason)
    return str(_one(Repository)(typed))


QUESTIONS = (
    Question(("app", "name"), "name", "The app's name", _one(AppName), required=True),
    Question(("app", "repository"), "repository", "Where the server fetches it from", repository, required=True),
    Question(("app", "branch"), "branch", "The branch that is deployed", _one(Ref)),
    Question(
        ("targets", "production", "hosts"), "hosts", "The servers, [user@]host, with commas; empty for later",
        _several(HostName),
    ),
    Question(
        ("nginx", "server_names"), "server-name", 'The site\'s names, with commas; "_" for any',
        _several(ServerName),
    ),
    Question(("health", "path"), "health", "The path that answers whether it is well", _one(UrlPath)),
)  # fmt: skip


def complete(entries: list[Entry]) -> list[Entry]:
    """The entries; raises UsageError where something is missing that no default can stand for."""
    for question in QUESTIONS:
        if question.required and not value_of(entries, *question.path):
            raise UsageError(
                f"no {question.flag}: git has no origin there that a server could fetch from; nothing was written",
                hint=f"--{question.flag} git@host:owner/name.git",
            )
    return entries
