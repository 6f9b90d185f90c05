"""Running a plan: stages on the client's word, and undo and recovery where it does not reach its end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from . import going_down, stop, turn, versions
from .hold import Hold
from .live import flag

if TYPE_CHECKING:
    from .session import Session


class PlanRun:
    """One plan from its first step to its record in the ledger."""

    def __init__(self, session: Session, plan: Dict[str, Any]) -> None:
        self.session = session
        self.plan = plan
        self.channel = session.channel
        self._entered: List[Dict[str, Any]] = []
        self._number = 0
        self._before = session.live()
        self._hold = Hold(session)
        self._switched = False
        self._kept = self._settled = False
        self._warnings: List[str] = []
        self._done: List[str] = []
        self._trouble: List[str] = []
        self._has_gates = any("gate" in step for stage in plan["stages"] for step in stage["steps"])

    def run(self) -> None:
        """Run the stages as the client says go, then tell it, and the ledger, how it ended."""
        if self.plan.get("record") is not None:
            self.session.make_folders()
            self._note_env(self.plan["record"])
            together = {"fleet": True} if self.plan.get("fleet") else {}
            self.session.record("start", live=self._before, **self.plan["record"], **together)
        failure = self._run_stages()
        if failure and going_down.is_going_down():
            self._leave_to_the_boot()
        recovered = True
        if failure and failure["state"] == "warned":
            recovered = self.recover(f"{failure['title']}: {failure['reason']}")
        elif failure:
            recovered = self._undo_and_recover(failure)
        self._hold.let_go(self._warnings)
        self._end(failure, recovered)

    def _leave_to_the_boot(self) -> None:
        """Undo nothing on a server that goes down: what it stopped could not be started, nor be remembered.

        The lock's file and the ledger tell of a run that did not finish, as after a power cut.
        """
        self.channel.send("refused", why="going-down")
        self.channel.drain(2.0)
        os._exit(1)

    def recover(self, reason: str) -> bool:
        """Run the recovery, without ending at a failure; whether all of it succeeded."""
        self.session.make_room()
        self.channel.send("recovering", reason=reason)
        return self._run_leniently(self.plan.get("recovery", []))

    def _note_env(self, record: Dict[str, Any]) -> None:
        """Have the ledger say which version of `.env` a release is started with."""
        if "release" not in record:
            return
        try:
            record["env"] = versions.adopt(self.session.paths)
        except OSError as error:
            text = f"the present version of .env could not be kept: {error}"
            self.channel.send("note", level="warning", text=text)

    def _run_stages(self) -> Optional[Dict[str, Any]]:
        for stage in self.plan["stages"]:
            failure = self._begin(stage) or self._run_stage(stage)
            if self.session.live() != self._before and not self._switched:
                self._switched = True
                self._say_live(failure)
            if failure:
                return failure
            self.channel.send("stage", name=stage["name"])
        return None

    def _begin(self, stage: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """Wait until the stage may begin; why it may not."""
        last = self._entered[-1] if self._entered else stage
        whole = last is not stage and last["on_cancel"] == stage["on_cancel"] == "finish"
        word = turn.wait(self.channel, stage, bound=whole and not self.plan.get("fleet"))
        if word["what"] == turn.CANCELLED:
            return self._cancelled(stage, stage["name"])
        if word["what"] == turn.REFUSED:
            about = {"title": stage["name"], "stage": stage["name"], "hint": ""}
            return {"state": "failed", "reason": word["reason"], **about}
        if stage["frees"]:
            self._hold.let_go(self._warnings)
        self._entered.append(stage)
        if stage["settles"] and self.plan.get("fleet") and self.plan.get("record") is not None:
            self.session.record("settled")  # before anything of it: who dies from here on keeps the release
        self._settled = self._settled or stage["settles"]
        return None

    def _run_stage(self, stage: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        for step in stage["steps"]:
            self._number += 1
            ended = bool(self._why_stop(stage))
            if not ended:
                why = (lambda: self._why_stop(stage)) if step["interruptible"] else _never
                result = self._run_step(step, stage["name"], why)
                ended = result["state"] == "cancelled"
            if ended and not self.channel.cancelled:
                return None  # the watch was long enough
            if ended:
                return self._cancelled(stage, step["title"])
            if result["state"] in ("failed", "timed-out"):
                state = "warned" if stage["on_failure"] == "warn" else result["state"]
                return {
                    **result,
                    "state": state,
                    "title": step["title"],
                    "stage": stage["name"],
                    "hint": step["hint"],
                }
        return None

    def _why_stop(self, stage: Dict[str, Any]) -> str:
        """Why the stage must not go on, or need not."""
        if stage["on_cancel"] == "finish":
            return ""
        watch = stage["on_cancel"] == "keep" and not self._settled
        return self.channel.cancelled or (self.channel.enough if watch else "")

    def _cancelled(self, stage: Dict[str, Any], title: str) -> Dict[str, Any]:
        # Of several hosts the others go back where one is lost: one that was not told to keep it does the same.
        told = self.channel.told or not self.plan.get("fleet")
        kept = stage["on_cancel"] == "keep" and told and not self.channel.called_back
        self._kept = self._settled or kept
        return {
            "state": "cancelled", "reason": self.channel.cancelled, "title": title, "stage": stage["name"],
        }  # fmt: skip

    def _run_step(self, step: Dict[str, Any], stage: str, why: Callable[[], str]) -> Dict[str, Any]:
        about = {"n": self._number, "stage": stage, "title": step["title"]}
        if step.get("unchanged"):
            result = {
                "state": "unchanged",
                "reason": step["unchanged"],
                "seconds": 0.0,
                "tail": [],
                "log": "",
            }
            self.channel.send("stepend", **about, **result)
            return result
        self.channel.send("step", **about)
        spec = dict(step)
        if "script" in spec:
            spec["script"] = "\n".join(filter(None, [self.plan.get("prologue", ""), spec["script"], ""]))
        if "gate" in spec:
            spec["arguments"] = {**spec["arguments"], **self.session.about}
        variables = self.session.environment(step.get("environment", []))
        meanwhile = _load_gates if self._has_gates and "script" in spec else None
        runner, masks = self.session.start_runner(), self.session.masks
        if step.get("holds"):
            result = self._hold.take(spec, variables, why)
        else:
            result = runner.run(spec, variables, masks, stop=why, meanwhile=meanwhile)
        if result["state"] in ("failed", "timed-out") and step.get("tolerated"):
            result["state"] = "warned"
        if result["state"] == "warned":
            self._warnings.append(f"{step['title']}: {result['reason']}")
        if result["state"] == "done":
            self._done.append(step["title"])
            if not step.get("show"):
                result["tail"] = []
        self.channel.send("stepend", **about, **result)
        return result

    def _say_live(self, failure: Optional[Dict[str, Any]]) -> None:
        if failure and failure["state"] != "warned":
            return
        live = self.session.live()
        if stop.stopped(self.session.paths) is None:  # else it is only chosen: visitors get the page
            self.channel.send("live", **live)
        if self.plan.get("record") is not None:
            self.session.record("live", live=live, env=self.plan["record"].get("env"))

    def _undo_and_recover(self, failure: Dict[str, Any]) -> bool:
        undone = True
        if self._kept or self._settled:
            return self.recover(failure["reason"])
        self.session.make_room()
        self.channel.send("recovering", reason=f"{failure['title']}: {failure['reason']}")
        for stage in reversed(self._entered):
            undone = undone and self._undo(stage)
        return self._run_leniently(self.plan.get("recovery", [])) and undone

    def _undo(self, stage: Dict[str, Any]) -> bool:
        """Undo a stage up to the first step that fails: what comes after it, earlier stages too, rests on it."""
        return all(self._run_leniently([step]) for step in stage["undo"])

    def _run_leniently(self, steps: List[Dict[str, Any]]) -> bool:
        succeeded = True
        for step in steps:
            self._number += 1
            result = self._run_step({**step, "lenient": True}, "recovery", _never)
            if result["state"] in ("failed", "timed-out"):
                succeeded = False
                self._trouble.append(f"{step['title']}: {(result['tail'] or [result['reason']])[-1]}")
        return succeeded

    def _end(self, failure: Optional[Dict[str, Any]], recovered: bool) -> None:
        live = self.session.live()
        outcome = self._outcome(failure, recovered, live)
        cut_off = self._kept and self.session.taken_over and outcome == "done"
        fields = {
            "outcome": "cancelled" if cut_off else outcome,
            "live": live,
            "before": self._before,
            "kept": self._kept,
            "warnings": self._warnings,
            "done": self._done,
            "trouble": self._trouble,
            "page": flag(self.session.paths["maintenance"]),
            "failure": failure,
            "stopped": stop.stopped(self.session.paths),
        }
        if self.plan.get("record") is not None:
            about = {"step": failure["title"], "reason": failure["reason"]} if failure else {}
            warnings = {"warnings": self._warnings} if self._warnings else {}
            record = {**self.plan["record"], **about, **warnings, "outcome": outcome, "live": live}
            flags = {"cut_short": self._kept, "unrecovered": not recovered}
            self.session.record("end", **record, **{name: True for name, holds in flags.items() if holds})
            # Before the client hears of it: it may have stopped reading, and it need not wait to go.
            self.session.give_back()
        self.channel.send("end", **fields)

    def _outcome(self, failure: Optional[Dict[str, Any]], recovered: bool, live: Dict[str, str]) -> str:
        if failure is None or failure["state"] == "warned" or (self._kept and recovered):
            return "done"
        if not recovered:
            return "needs-person"
        if self._switched:
            return "went-back" if live["release"] == self._before["release"] else "needs-person"
        return "cancelled" if failure["state"] == "cancelled" else "failed"


def _never() -> str:
    return ""


def _load_gates() -> None:
    """A gate runs in a fork of the agent, which waits less where this is done while a shell works."""
    from . import gates  # noqa: F401
