"""Every port shut but those of SSH and nginx, on request."""

from __future__ import annotations

from windlass.commands import firewall as commands
from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.firewall import Firewall
from windlass.plan import Plan, Stage, Step


def stage(config: Config, seen: Firewall | None, host: str) -> Stage:
    """Empty where nobody asked for it; one that was up already stays up, whatever fails."""
    if seen is None:
        return Stage("firewall", ())
    undo = () if seen.active else (_open_again(),)
    return Stage("firewall", (_shut(config, seen, host),), undo=undo)


def _shut(config: Config, seen: Firewall, host: str) -> Step:
    """Raises NotReady where another firewall is at work, or nobody can say by which port SSH comes in."""
    if seen.other:
        raise NotReady(
            f"{host}: {seen.other} is the firewall at work, and two would fight; the firewall was not touched",
            hint=f"let {_words(wanted(config, seen))} in with {seen.other}, and leave --firewall out",
        )
    if not seen.ssh:
        raise NotReady(f"{host}: by which port SSH comes in cannot be seen; the firewall was not touched")
    ports = wanted(config, seen)
    done = seen.active and set(ports) <= seen.allowed
    return Step(
        f"shut every port but {_words(ports)}",
        commands.shut(ports),
        unchanged="it is so, beside rules of your own" if done else "",
        interruptible=False,
    )


def note(config: Config, seen: Firewall) -> str:
    """Which ports can be reached now and will not be; "" for none."""
    lost = seen.listening - set(wanted(config, seen)) - seen.allowed
    if seen.active or not lost:
        return ""
    return f"port {_words(sorted(lost))} can be reached from outside now, and then not: ufw allow PORT/tcp"


def wanted(config: Config, seen: Firewall) -> list[int]:
    """The ports that must be open, SSH's first."""
    nginx = [config.nginx.listen, *([config.nginx.listen_tls] if config.nginx.tls else [])]
    return list(dict.fromkeys([*sorted(seen.ssh), *nginx]))


def back(config: Config) -> Plan:
    """Open everything again, where nobody can come in any more."""
    return Plan(f"Take {config.app.name}'s firewall back", (Stage("firewall", (_open_again(),)),))


def _open_again() -> Step:
    return Step("open the firewall again", commands.open_again(), interruptible=False)


def _words(ports: list[int]) -> str:
    return ", ".join(map(str, ports))
