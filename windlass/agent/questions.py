"""Answering a batch of questions at once: shell texts and calls, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any, Dict, List

from . import owner
from .owner import become_owner

if TYPE_CHECKING:
    from .session import Session

LONGEST_ANSWER = 4 * 1024 * 1024


def answer(session: Session, questions: List[Dict[str, Any]]) -> Dict[str, Dict[str, Any]]:
    """Ask all at the same time; each answer holds `out`, `err`, `code` (124 past its time-out in seconds).

    `cut` says whether `out` was longer than an answer may be.
    """
    running = {question["name"]: _start(session, question) for question in questions}
    return {name: process.answer(session) for name, process in running.items()}


class _Process:
    def __init__(self, pid: int, out: Any, err: Any, timeout: float) -> None:
        self.pid, self.out, self.err = pid, out, err
        self.deadline = time.monotonic() + timeout

    def answer(self, session: Session) -> Dict[str, Any]:
        code = None
        while code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > self.deadline or session.channel.cancelled:
                os.killpg(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                code = 124
            else:
                session.channel.pump(min(1.0, max(0.01, self.deadline - time.monotonic())))
        cut = os.fstat(self.out).st_size > LONGEST_ANSWER
        return {"out": _text(self.out), "err": _text(self.err), "code": code, "cut": cut}


def _start(session: Session, question: Dict[str, Any]) -> _Process:
    out, err = memory_file(), memory_file()
    if question.get("call"):
        pid = _fork_call(session, question["call"], question.get("arguments", {}), out, err)
    else:
        pid = _spawn(session, question, out, err)
    return _Process(pid, out, err, question.get("timeout", 30.0))


def _spawn(session: Session, question: Dict[str, Any], out: int, err: int) -> int:
    text = memory_file()
    os.write(text, question["script"].encode())
    known = owner.account(session.paths["root"]) if question.get("as_owner") else None
    variables = session.environment(question.get("environment", []))
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", f"/proc/self/fd/{text}"],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        env={**variables, **owner.environment(known)} if known else variables,
        cwd="/",
        pass_fds=[text],
        start_new_session=True,
        preexec_fn=(lambda: owner.become(known)) if known else None,  # noqa: PLW1509 - one thread
    )
    process.returncode = 0  # reaped by its answer
    os.close(text)
    return process.pid


def _fork_call(session: Session, name: str, arguments: Dict[str, Any], out: int, err: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(err, 2)
        from .calls import OF_THE_APP, call  # in the child: the agent starts without them

        if name in OF_THE_APP:
            become_owner(session.paths["root"])
        os.write(out, json.dumps(call(name, arguments)).encode())
        status = 0
    except BaseException as error:
        os.write(err, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(status)


def memory_file() -> int:
    """An unnamed file in memory: answers may be large, and a full disk must not matter."""
    return os.memfd_create("windlass", os.MFD_CLOEXEC)


def _text(descriptor: int) -> str:
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read(LONGEST_ANSWER).decode("utf-8", "replace")
