"""How a plan's end is told: what happened, what visitors get, what to type next."""

from __future__ import annotations

from typing import Any

from windlass.config.model import Config
from windlass.errors import ExitCode
from windlass.plan import Plan


def exit_code(plan: Plan, end: dict[str, Any]) -> int:
    """The exit code of an agent's `end` message; what stays of a plan that did not end well needs a person."""
    codes = {
        "done": ExitCode.DONE,
        "nothing-to-do": ExitCode.DONE,
        "went-back": ExitCode.WENT_BACK,
        "needs-person": ExitCode.NEEDS_PERSON,
    }
    if was_stopped(end) or (end["outcome"] != "done" and _lasting(plan, end)):
        return int(ExitCode.NEEDS_PERSON)
    if end["outcome"] == "failed" and end["failure"].get("locked"):
        return int(ExitCode.LOCKED)
    return int(codes.get(end["outcome"], ExitCode.FAILED))


def was_stopped(end: dict[str, Any]) -> bool:
    """Whether the plan did not come to its end, and the app is stopped now."""
    return end.get("stopped") is not None and end["failure"] is not None


def message(config: Config, host: str, plan: Plan, end: dict[str, Any]) -> tuple[str, str]:
    """The message and the hint of an end; both empty where all is said by the outcome itself."""
    failure = end["failure"]
    outcome = end["outcome"]
    live = end["live"]["release"]
    visitors = f"{live} is live" if live else "nothing is live yet"
    if outcome == "done" and not was_stopped(end):
        return _done(plan, host, end)
    if end.get("stopped") is not None or end.get("page") is not None:
        visitors = "visitors get the maintenance page"
    what = f"{failure['title']}: {failure['reason']}" if failure else "it did not finish"
    what += _migrated(plan, end) + _lasting(plan, end)
    log = f"full log on the server: {failure['log']}" if failure and failure.get("log") else ""
    hint = "; ".join(filter(None, [failure.get("hint", "") if failure else "", log]))
    if outcome == "needs-person":
        contacts = ", ".join(f"{contact.role}: {contact.contact}" for contact in config.contacts)
        trouble = "; ".join(end.get("trouble", [])) or "putting it right did not work either"
        page = f"fab maintenance.off -H {host} takes the page down" if end.get("page") is not None else ""
        return (
            f"{what}. {trouble[:1].upper()}{trouble[1:]}; {visitors}, and a person must look now",
            "; ".join(filter(None, [hint, page, f"fab status -H {host}", contacts])),
        )
    if was_stopped(end):
        by = f" (stopped {end['stopped']})" if end["stopped"] else ""
        resume = f"fab emergency-resume -H {host} starts {live or 'it'} again"
        return f"{what}. {visitors.capitalize()}{by}; nothing is left half done", "; ".join(
            filter(None, [resume, hint])
        )
    if outcome == "went-back":
        if failure and failure["state"] == "cancelled":
            what = failure["reason"]
        return f"{what}. It was live for a moment and was taken back: {visitors}", hint
    if outcome == "cancelled":
        return _cancelled(plan, host, end, visitors)
    saw = "the maintenance page meanwhile" if "put the page up" in end.get("done", []) else "nothing"
    return f"{what}. Visitors saw {saw}: {visitors}", hint


def _cancelled(plan: Plan, host: str, end: dict[str, Any], visitors: str) -> tuple[str, str]:
    failure = end["failure"]
    if end.get("kept"):
        return (
            f"cancelled at {failure['title']}: {failure['reason']}. {end['live']['release']} was live by then; "
            f"what visitors get from now on is that run's to say{_lasting(plan, end)}",
            f"fab status -H {host}",
        )
    return (
        f"cancelled at {failure['title']} ({failure['reason']}): {visitors}, nothing is left half done"
        + _migrated(plan, end)
        + _lasting(plan, end),
        "",
    )


def _migrated(plan: Plan, end: dict[str, Any]) -> str:
    """That the database is ahead of what is live, where the migrations were applied."""
    names = ", ".join(plan.record.get("migrations", []))
    if not names or "migrate" not in end.get("done", []):
        return ""
    return f". The database has the new migrations ({names}): backups/{plan.record['release']}.down.sql leads back"


def _lasting(plan: Plan, end: dict[str, Any]) -> str:
    """What was done and stays, although the plan did not end well."""
    return "".join(f". {text}" for title, text in plan.lasting if title in end.get("done", []))


def _done(plan: Plan, host: str, end: dict[str, Any]) -> tuple[str, str]:
    if plan.record.get("stopped"):
        return (
            "stopped: visitors get the maintenance page, also after a reboot",
            "fab emergency-resume starts it again",
        )
    if end.get("stopped") is not None and "release" in plan.record:
        return (
            f"{plan.record['release']} is chosen: it stays stopped, and visitors get the page",
            f"fab emergency-resume -H {host} starts it",
        )
    if plan.record.get("maintenance") == "on":
        return "visitors get the maintenance page", f"fab maintenance.off -H {host} takes it down"
    said, hint = plan.outlook
    if end.get("page") is not None and "release" in plan.record:
        page = f"the release is live behind the maintenance page ({end['page']})"
        doors = f"fab maintenance.off -H {host} lets visitors in"
        return "; ".join(filter(None, [said, page])), "; ".join(filter(None, [doors, hint]))
    return "; ".join(filter(None, [_remarks(end), said])), hint


def _remarks(end: dict[str, Any]) -> str:
    """What is to be said of a release that is live; empty where all went well."""
    if end["kept"]:
        return f"the watch was cut short ({end['failure']['reason']}): the release is live and stays"
    if end["failure"]:
        return f"the release is live, but {end['failure']['title']} failed: {end['failure']['reason']}"
    return "; ".join(end["warnings"])
