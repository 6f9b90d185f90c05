"""Running one step: a shell text or a gate in its own process group, logged first and shown second."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import owner
from .channel import Channel
from .failure import GateFailed
from .giving_way import give_way, idle_disk
from .step import Step

TERM_SECONDS = 10.0
"""How long a cancelled step is asked with TERM, once a second, before KILL."""

WARNING = "warning: "
"""What a gate's line begins with where it holds, and yet did not see all that it looks for."""

KEEP_LOCK = '"$@" {lock}>&-; exit $?'
"""The outer shell keeps the lock for as long as the step runs; what the step starts does not inherit it."""


class Runner:
    """Starts steps and sees each to its end, whatever the client does meanwhile."""

    def __init__(self, channel: Channel, folder: str, lock: Optional[int], root: str = "/") -> None:
        """`folder` is for the steps' logs, `root` is the app's."""
        self.channel = channel
        self._root = root
        self._folder = folder
        self._lock = lock
        self._count = 0
        self.on_step: Callable[[str, int, bool], None] = lambda title, group, firm: None

    def run(
        self,
        spec: Dict[str, Any],
        variables: Dict[str, str],
        masks: List[str],
        *,
        stop: Callable[[], str],
        meanwhile: Optional[Callable[[], None]] = None,
    ) -> Dict[str, Any]:
        """Run one step: its state, seconds, tail of output, reason and log. A gate that warns is "warned".

        `stop` says why it is to be ended before its time-out, "" for as long as it is not. `meanwhile` is called
        once it runs.
        """
        self._count += 1
        name = f"{self._count:02d}-{''.join(c if c.isalnum() else '-' for c in spec['title'].lower())}"[:60]
        started = time.monotonic()
        try:
            step = self._start(spec, name, variables, masks)
        except OSError as error:
            return {
                "state": "failed",
                "reason": f"the step could not be started: {error}",
                "tail": [],
                "seconds": 0.0,
            }
        firm = not spec.get("interruptible", True)
        self.on_step(spec["title"], step.process, firm)
        if meanwhile is not None:
            meanwhile()
        warned: List[str] = []
        reason = self._attend(step, spec.get("timeout") or 300.0, stop, warned)
        if firm:
            self.on_step(spec["title"], step.process, False)
        seconds = round(time.monotonic() - started, 3)
        state = {"": "done" if step.status == 0 else "failed", "timeout": "timed-out"}.get(
            reason, "cancelled"
        )
        if state == "failed":
            said = [line for line in step.tail if line] if "gate" in spec else []
            reason = said[-1] if said else _explain(step.status or 0)
        elif state == "timed-out":
            reason = f"ran longer than {spec.get('timeout') or 300:.0f} s"
        elif state == "done" and "gate" in spec and warned:
            state, reason = "warned", "; ".join(warned)
        log = os.path.join(self._folder, name + ".log")
        return {"state": state, "reason": reason, "tail": list(step.tail), "seconds": seconds, "log": log}

    def _attend(self, step: Step, timeout: float, stop: Callable[[], str], warned: List[str]) -> str:
        def show(line: str) -> None:
            if line.startswith(WARNING):
                warned.append(line[len(WARNING) :])
            self.channel.send("out", text=line)

        def readable() -> None:
            if not step.read(show):
                self.channel.unwatch(step.output)

        self.channel.watch(step.output, readable)
        try:
            reason = self._wait(step, time.monotonic() + timeout, stop)
        finally:
            self.channel.unwatch(step.output)
        if reason:
            self._end_group(step)
        step.finish(show)
        return reason

    def _wait(self, step: Step, deadline: float, stop: Callable[[], str]) -> str:
        reason, next_signal, kill_at = "", 0.0, 0.0
        while not step.poll():
            now = time.monotonic()
            if not reason and now > deadline:
                reason, kill_at = "timeout", now + TERM_SECONDS
            elif not reason:
                reason, kill_at = stop(), now + TERM_SECONDS
            if reason and now >= next_signal:
                next_signal = now + 1.0
                step.signal(signal.SIGKILL if now > kill_at else signal.SIGTERM)
            self.channel.pump(1.0 if reason else min(1.0, max(0.01, deadline - now)))
        return reason

    def _end_group(self, step: Step) -> None:
        deadline = time.monotonic() + TERM_SECONDS
        while step.signal(signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL):
            self.channel.pump(0.2)
            if time.monotonic() > deadline + 5:
                return

    def _start(self, spec: Dict[str, Any], name: str, variables: Dict[str, str], masks: List[str]) -> Step:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        log = self._open_log(name)
        try:
            if "gate" in spec:
                process = _fork_gate(spec["gate"], spec["arguments"], writer, self._lock)
            else:
                process = self._spawn_shell(spec, name, variables, writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        return Step(process, reader, log, masks)

    def _open_log(self, name: str) -> Optional[int]:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            return os.open(os.path.join(self._folder, name + ".log"), flags, 0o600)
        except OSError:
            return None

    def _spawn_shell(self, spec: Dict[str, Any], name: str, variables: Dict[str, str], writer: int) -> int:
        known = owner.account(self._root) if spec.get("as_owner") else None
        text, passed = self._text_file(spec["script"], "" if known else name)
        flags = "-uo" if spec.get("lenient") else "-euo"
        words = ["bash", flags, "pipefail", text]
        if spec.get("nice"):
            words = idle_disk(words)
        if self._lock is not None:
            passed.append(self._lock)
            words = ["bash", "-c", KEEP_LOCK.format(lock=self._lock), "windlass", *words]
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            env={**variables, **owner.environment(known)} if known else variables,
            cwd="/",  # pm2 breaks when the folder that its daemon was started from goes away
            pass_fds=passed,
            start_new_session=True,
            preexec_fn=_prepare(known, nice=bool(spec.get("nice"))),  # noqa: PLW1509 - one thread
        )
        process.returncode = 0  # reaped by Step.poll, not by Popen
        for descriptor in set(passed) - {self._lock}:
            os.close(descriptor)
        return process.pid

    def _text_file(self, script: str, name: str) -> Tuple[str, List[int]]:
        """The step's text in the folder of the logs; in memory without a `name`: whoever runs it may not look there."""
        path = os.path.join(self._folder, name + ".sh") if name else ""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(script)
            return path, []
        except OSError:
            memory = os.memfd_create(name or "step", 0)  # a full disk: recovery must run all the same
            os.write(memory, script.encode())
            os.set_inheritable(memory, True)
            return f"/proc/self/fd/{memory}", [memory]


def _prepare(known: Optional[pwd.struct_passwd], *, nice: bool) -> Optional[Callable[[], None]]:
    """What the child does before its program: give way, and become the user who is to run it."""

    def prepare() -> None:
        if nice:
            give_way()
        if known:
            owner.become(known)

    return prepare if nice or known else None


def _fork_gate(name: str, arguments: Dict[str, Any], writer: int, lock: Optional[int]) -> int:
    """Run a gate or an act in a fork of the agent; an act keeps the lock, as the shell of a step does."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        from .gates import ACTS, GATES

        for descriptor in range(3, 256):
            if descriptor != lock or name not in ACTS:
                with suppress(OSError):
                    os.close(descriptor)
        sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
        {**GATES, **ACTS}[name](arguments)
        status = 0
    except (GateFailed, OSError) as failure:
        print(failure, flush=True)
    except BaseException:
        traceback.print_exc(file=sys.stdout)
    finally:
        try:
            sys.stdout.flush()
        finally:
            os._exit(status)


def _explain(status: int) -> str:
    if status < 0:
        status = 128 - status
    if status > 128:
        name = signal.Signals(status - 128).name if status - 128 in set(signal.Signals) else str(status - 128)
        return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    return {126: "exit code 126: not executable", 127: "exit code 127: command not found"}.get(
        status, f"exit code {status}"
    )
