"""The command line of `python -m ops observe`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from aliyun.log import LogException

from ops.observe.steps import inspect
from ops.observe.views import Views
from ops.observe.wanted import Target
from ops.provision.clients import (
    Credentials,
    NoCredentials,
    default_endpoints,
    endpoint_of,
    endpoint_variable,
    log_client,
    operator_credentials,
)
from ops.provision.explain import advice
from ops.provision.plan import Step, everything_in_place
from ops.provision.run import apply

DONE, FAILED, NOT_DONE = 0, 1, 2
EPILOG = """marks: ✓ in place, + to create, ~ to change, ! left alone until you decide
exit status: 0 everything is in place; 2 something is not (yet); 1 a call failed"""


def main(arguments: Sequence[str], credentials: Callable[[], Credentials] = operator_credentials) -> int:
    """Plan, and with `--apply` carry the plan out; returns the exit status (see EPILOG)."""
    options = _parser().parse_args(arguments)
    endpoint = options.sls_endpoint or default_endpoints(options.region).sls
    try:
        client = log_client(credentials(), options.region, endpoint)
        return _observe(Views(client, options.project), _target(options), options)
    except NoCredentials as error:
        print(f"observe: {error}", file=sys.stderr)
    except LogException as error:
        print(f"observe: {advice(error)}", file=sys.stderr)
    return FAILED


def _observe(views: Views, target: Target, options: argparse.Namespace) -> int:
    steps = _shown(inspect(views, target, enforce=options.enforce))
    if options.apply and any(step.do for step in steps):
        print("\napplying")
        apply(steps, print)
        print("\nstate after the changes")
        steps = _shown(inspect(views, target, enforce=options.enforce))
    if any(step.do for step in steps):
        again = "not all of it took effect: run this again"
        print(f"\n{again if options.apply else 'nothing was changed; use --apply to execute the plan'}")
        return NOT_DONE
    return DONE if everything_in_place(steps) else NOT_DONE


def _shown(steps: list[Step]) -> list[Step]:
    for step in steps:
        print(step)
    return steps


def _target(options: argparse.Namespace) -> Target:
    return Target(
        region=options.region,
        project=options.project,
        logstores=tuple(name.strip() for name in options.logstores.split(",") if name.strip()),
        function_logstore=options.function_logstore,
        spool=options.spool,
        action_policy=options.action_policy,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops observe",
        description="Show what the Project lacks to see what arrives: index keys, saved searches, two "
        "dashboards, alarms; with --apply, create it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--region", required=True, help="such as cn-hangzhou")
    add("--project", required=True, help="the SLS Project; `ops provision` makes it and its Logstores")
    add("--logstores", default="web-tracking-logstore", help="comma-separated; default: %(default)s")
    add("--function-logstore", default="function-logs", help="what the functions print; default: %(default)s")
    add("--spool", action="store_true", help="there is a spool: the alarms on it too")
    add("--action-policy", default="", help="the id of the action policy by which SLS tells you of an alarm")
    add("--apply", action="store_true", help="execute the plan")
    add("--enforce", action="store_true", help="make what differs exactly what is shown")
    words = f"another address for SLS, with its scheme; default: ${endpoint_variable('sls')}"
    add("--sls-endpoint", default=endpoint_of("sls"), help=words)
    return parser
