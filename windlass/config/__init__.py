"""One app's configuration: what it may hold, where it is read from, what is wrong with it."""

from windlass.config.files import apps, load
from windlass.config.model import (
    App,
    Build,
    Config,
    Contact,
    Database,
    Git,
    Health,
    Limits,
    Nginx,
    Node,
    Process,
    Section,
    Shared,
    Soak,
    Ssh,
    Target,
    Web,
)

__all__ = [
    "App",
    "Build",
    "Config",
    "Contact",
    "Database",
    "Git",
    "Health",
    "Limits",
    "Nginx",
    "Node",
    "Process",
    "Section",
    "Shared",
    "Soak",
    "Ssh",
    "Target",
    "Web",
    "apps",
    "load",
]
