"""What you type: one module per chapter of the runbook, each thin."""

from invoke.collection import Collection

from tasks import config

namespace = Collection(config)
