"""The other end of a connection, as messages name it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """One end of one hop; `name` is what the operator would give to -H, `address` where it really is.

    `timeout` is in seconds; `neighbours` are host names that a mistyped one may have meant.
    """

    name: str
    user: str
    address: str
    port: int
    timeout: float
    neighbours: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The name, and the address where that says more."""
        if self.address not in self.name:
            return f"{self.name} ({self.address} port {self.port})"
        return (
            self.name if self.port == 22 or str(self.port) in self.name else f"{self.name} (port {self.port})"
        )
