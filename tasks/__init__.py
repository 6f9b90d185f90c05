"""What you type: one module per chapter of the runbook, each thin."""

from invoke.collection import Collection

from tasks import config
from windlass.usage import exit_with_usage_code

exit_with_usage_code()

namespace = Collection(config)
