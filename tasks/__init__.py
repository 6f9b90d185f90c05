"""What you type: one module per chapter of the runbook, each thin."""

from invoke.collection import Collection

from windlass.cli.completion import complete_values
from windlass.cli.listing import list_in_order
from windlass.cli.positional import options_first
from windlass.cli.usage import exit_with_usage_code

from . import (
    config,
    db,
    demo,
    deploy,
    emergency,
    env,
    init,
    lock,
    logs,
    nginx,
    releases,
    rollback,
    runbook,
    setup,
    status,
    trust,
)
from .order import ORDER

exit_with_usage_code()
list_in_order(ORDER)
complete_values()
options_first()

maintenance = Collection("maintenance", emergency.maintenance_on, emergency.maintenance_off)

namespace = Collection(config, db, env, lock, maintenance, nginx)
namespace.add_task(demo.demo)
namespace.add_task(init.init)
namespace.add_task(deploy.deploy)
namespace.add_task(rollback.rollback)
namespace.add_task(rollback.restart)
namespace.add_task(emergency.emergency_stop)
namespace.add_task(emergency.emergency_resume)
namespace.add_task(status.status)
namespace.add_task(releases.releases)
namespace.add_task(releases.history)
namespace.add_task(releases.mark_stable)
namespace.add_task(logs.logs)
namespace.add_task(runbook.runbook)
namespace.add_task(trust.trust)
namespace.add_task(setup.setup)
