"""Step, Gate, Stage, Plan: what will be done, as data that `--dry-run` prints and the agent runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from windlass.shell import NOTHING, Command

Environment = Literal["shared", "database", "migrate", "scratch", "ssh", "given"]
"""Variables that the agent gives a step, read on the server: all of `.env`; the PG* variables of the
database's URL; that URL with the lock time-out added; all of `.env` as "migrate", with the scratch database in the
place of the app's own in every URL that names it; the socket of a forwarded ssh-agent; what the client gave for
this run alone."""


@dataclass(frozen=True)
class Gate:
    """A check that the agent makes itself, or an act on an app's slots; `by_hand` is what a person would type."""

    name: Literal[
        "healthy", "alive", "listens", "answers_through_nginx", "soak", "drained",
        "end", "stop", "stand_by", "gone", "present", "remember", "tidy", "links", "agree", "page",
    ]  # fmt: skip
    arguments: dict[str, Any]
    by_hand: Command


@dataclass(frozen=True)
class Step:
    """One titled action.

    `timeout` is in seconds. `unchanged` says why the step need not run. A `tolerated` step's failure is a
    warning. `nice` runs it at the lowest priority and first in line for the OOM killer. `show`: the end
    of what it prints is told also where it succeeds. What one that `holds` starts goes on, until a stage that `frees`
    or the run's end, whatever that is: see `windlass.commands.exclusive`. `as_owner`: where the agent is root, the
    user whom the app belongs to runs it.
    """

    title: str
    action: Command | Gate
    timeout: float = 300
    interruptible: bool = True
    environment: tuple[Environment, ...] = ()
    unchanged: str = ""
    tolerated: bool = False
    nice: bool = False
    hint: str = ""
    show: bool = False
    holds: bool = False
    as_owner: bool = False


@dataclass(frozen=True)
class Stage:
    """Steps between two points where the runner says go.

    `undo` runs before the plan's recovery when this stage or a later one fails. `on_failure` "warn" ends the
    plan as done with a warning. `on_cancel` "finish" lets the stage run to its end first; "keep" ends
    the plan without undoing anything: by the operator's word, and on one host also when the operator is lost. An
    `ordered` stage is run by several hosts one after the other. Once a host was told to begin a stage that
    `settles`, nothing is undone there any more; of several hosts none is told before all are ready for it. What the
    run holds beside the app's lock ends before a stage that `frees`.
    """

    name: str
    steps: tuple[Step, ...]
    undo: tuple[Step, ...] = ()
    on_failure: Literal["recover", "warn"] = "recover"
    on_cancel: Literal["recover", "finish", "keep"] = "recover"
    ordered: bool = False
    settles: bool = False
    frees: bool = False


@dataclass(frozen=True)
class Plan:
    """Stages, and the recovery that holds if they do not finish.

    `recovery` is idempotent and runs without `-e`; `record` is what the ledger says beside the outcome;
    `prologue` comes before every step's text. `notes` go above a dry run's steps. `outlook` is what to say, and
    to type next, where the plan ends well. `lasting`: steps whose work stays, by title, and what is to be said of
    it where the plan does not end well.
    """

    title: str
    stages: tuple[Stage, ...]
    recovery: tuple[Step, ...] = ()
    prologue: Command = NOTHING
    record: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    outlook: tuple[str, str] = ("", "")
    lasting: tuple[tuple[str, str], ...] = ()
