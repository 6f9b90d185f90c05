"""Running a plan: stages on the client's word, and undo and recovery where it does not reach its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from . import stop, versions

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
        self._switched = False
        self._kept = False
        self._warnings: List[str] = []
        self._done: List[str] = []
        self._trouble: List[str] = []
        self._has_gates = any("gate" in step for stage in plan["stages"] for step in stage["steps"])

    def run(self) -> None:
        """Run the stages as the client says go, then tell it, and the ledger, how it ended."""
        if self.plan.get("record") is not None:
            self.session.make_folders()
            self._note_env(self.plan["record"])
            self.session.record("start", live=self._before, **self.plan["record"])
        failure = self._run_stages()
        recovered = True
        if failure and failure["state"] == "warned":
            recovered = self.recover(f"{failure['title']}: {failure['reason']}")
        elif failure:
            recovered = self._undo_and_recover(failure)
        self._end(failure, recovered)

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
            word = self.channel.receive("go")
            if word is None or self.channel.cancelled:
                return self._cancelled(stage, stage["name"])
            self._entered.append(stage)
            failure = self._run_stage(stage)
            if self.session.live() != self._before and not self._switched:
                self._switched = True
                self._say_live(failure)
            if failure:
                return failure
            self.channel.send("stage", name=stage["name"])
        return None

    def _run_stage(self, stage: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        stoppable = stage["on_cancel"] != "finish"
        for step in stage["steps"]:
            self._number += 1
            if stoppable and self.channel.cancelled:
                return self._cancelled(stage, step["title"])
            result = self._run_step(step, stage["name"], stoppable and step["interruptible"])
            if result["state"] == "cancelled":
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

    def _cancelled(self, stage: Dict[str, Any], title: str) -> Dict[str, Any]:
        self._kept = stage["on_cancel"] == "keep" and not self.channel.called_back
        return {
            "state": "cancelled", "reason": self.channel.cancelled, "title": title, "stage": stage["name"],
        }  # fmt: skip

    def _run_step(self, step: Dict[str, Any], stage: str, stoppable: bool) -> Dict[str, Any]:
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
        variables = self.session.environment(step.get("environment", []))
        meanwhile = _load_gates if self._has_gates and "script" in spec else None
        runner, masks = self.session.start_runner(), self.session.masks
        result = runner.run(spec, variables, masks, stoppable=stoppable, meanwhile=meanwhile)
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
        if self._kept:
            return self.recover(failure["reason"])
        self.session.make_room()
        self.channel.send("recovering", reason=f"{failure['title']}: {failure['reason']}")
        for stage in reversed(self._entered):
            undone = self._run_leniently(stage["undo"]) and undone
        return self._run_leniently(self.plan.get("recovery", [])) and undone

    def _run_leniently(self, steps: List[Dict[str, Any]]) -> bool:
        succeeded = True
        for step in steps:
            self._number += 1
            result = self._run_step({**step, "lenient": True}, "recovery", False)
            if result["state"] in ("failed", "timed-out"):
                succeeded = False
                self._trouble.append(f"{step['title']}: {(result['tail'] or [result['reason']])[-1]}")
        return succeeded

    def _end(self, failure: Optional[Dict[str, Any]], recovered: bool) -> None:
        live = self.session.live()
        outcome = self._outcome(failure, recovered, live)
        fields = {
            "outcome": outcome,
            "live": live,
            "before": self._before,
            "kept": self._kept,
            "warnings": self._warnings,
            "done": self._done,
            "trouble": self._trouble,
            "page": stop.flag(self.session.paths["maintenance"]),
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


def _load_gates() -> None:
    """A gate runs in a fork of the agent, which waits less where this is done while a shell works."""
    from . import gates  # noqa: F401
