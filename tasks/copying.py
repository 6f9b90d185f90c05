"""Copies of backups off the server: where to, and the address that the server uploads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windlass.config.model import Config
    from windlass.offsite import Store
    from windlass.remote.runner import Host


def chosen_store(config: Config) -> Store | None:
    """The store of the configuration, None for none. Raises UsageError where nothing can be copied there."""
    from windlass.offsite import store

    settings = config.backups
    found = store(settings.copy_to, settings.endpoint)
    if found:
        found.upload_url("try", 60)  # before anything is connected to
    return found


def give(host: Host, store: Store, name: str, config: Config) -> None:
    """Let the agent know the address that takes this backup: good for as long as dump and upload may last."""
    url = store.upload_url(name, 2 * config.database.timeout)
    host.visit.send("give", variables={"UPLOAD_URL": url})
