"""Whether a plan's next stage may begin: the client's word, by the stage's name."""

from __future__ import annotations

from typing import Any, Dict

from .channel import Channel

CANCELLED, REFUSED, BEGIN = "cancelled", "refused", "begin"


def wait(channel: Channel, stage: Dict[str, Any], *, bound: bool = False) -> Dict[str, Any]:
    """Wait for the client's word about the stage: `what` is one of the three above, `reason` why not.

    Whether the agent is ready to settle is answered meanwhile: only one that still hears is. A word for another
    stage is refused. One to settle holds, whatever came after it: other hosts may have been told the same. So does
    one for a stage that is `bound` to the one before it.
    """
    while True:
        word = channel.receive("go", "ready")
        if word is None or (channel.cancelled and not _holds(word, stage, bound)):
            return {"what": CANCELLED, "reason": channel.cancelled}
        if word["op"] == "ready":
            channel.send("ready", stage=stage["name"])
        elif word.get("stage") != stage["name"]:
            reason = f"the word was to begin {word.get('stage')}, and {stage['name']} comes next"
            return {"what": REFUSED, "reason": reason}
        else:
            return {"what": BEGIN, "reason": ""}


def _holds(word: Dict[str, Any], stage: Dict[str, Any], bound: bool) -> bool:
    told = word["op"] == "go" and word.get("stage") == stage["name"]
    return told and bool(stage["settles"] or bound)
