"""The command line of `python -m ops provision`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from alibabacloud_oss_v2.exceptions import OperationError
from aliyun.log import LogException
from Tea.exceptions import TeaException

from ops.provision.clients import (
    Credentials,
    Endpoints,
    NoCredentials,
    default_endpoints,
    endpoint_of,
    endpoint_variable,
    operator_credentials,
)
from ops.provision.explain import advice
from ops.provision.plan import Step, everything_in_place
from ops.provision.run import Account, Choices, apply, connect, inspect
from ops.provision.variables import shown, write
from ops.provision.wanted import InvalidTarget, Spool, Target
from shared.spool.settings import PREFIX

DONE, FAILED, NOT_DONE = 0, 1, 2
NOT_APPLIED = "nothing was changed; use --apply to execute the plan"

EPILOG = """marks: ✓ in place, + to create, ~ to change, ! needs your decision, not changed
exit status: 0 everything is in place; 2 something is missing or different; 1 a call failed"""


def main(arguments: Sequence[str], credentials: Callable[[], Credentials] = operator_credentials) -> int:
    """Show the plan, with `--apply` execute it; returns the exit status (see EPILOG)."""
    options = _parser().parse_args(arguments)
    try:
        target = _target(options)
        account = connect(credentials(), target, _endpoints(options))
        return _provision(account, target, options)
    except (InvalidTarget, NoCredentials) as error:
        print(f"provision: {error}", file=sys.stderr)
    except (TeaException, LogException, OperationError) as error:
        print(f"provision: {advice(error)}", file=sys.stderr)
    return FAILED


def _provision(account: Account, target: Target, options: argparse.Namespace) -> int:
    print(f"account {account.id}, as {account.arn}, region {target.region}")
    choices = Choices(enforce=options.enforce, close_webtracking=options.close_webtracking)
    steps = inspect(account, target, choices)
    _show(steps)
    if options.apply and any(step.do for step in steps):
        print("\napplying")
        apply(steps, print)
        print("\nstate after the changes")
        steps = inspect(account, target, choices)
        _show(steps)
    return _close(steps, account, target, options)


def _close(steps: Sequence[Step], account: Account, target: Target, options: argparse.Namespace) -> int:
    if any(step.do for step in steps):
        print(f"\n{'not every change took effect: run this again' if options.apply else NOT_APPLIED}")
        return NOT_DONE
    variables = target.variables(account.id)
    print(f"\nfor s.yaml:\n{shown(variables)}")
    if options.env_file:
        write(options.env_file, variables)
        print(f"written to {options.env_file}")
    return DONE if everything_in_place(steps) else NOT_DONE


def _show(steps: Sequence[Step]) -> None:
    for step in steps:
        print(step)


def _target(options: argparse.Namespace) -> Target:
    return Target(
        region=options.region,
        project=options.project,
        logstores=tuple(name.strip() for name in options.logstores.split(",") if name.strip()),
        suffix=options.suffix,
        token_seconds=options.token_seconds,
        retention_days=options.retention_days,
        function_logstore=options.function_logstore,
        spool=Spool(options.spool_bucket, options.spool_prefix) if options.spool_bucket else None,
    )


def _endpoints(options: argparse.Namespace) -> Endpoints:
    usual = default_endpoints(options.region)
    return Endpoints(
        sls=options.sls_endpoint or usual.sls,
        ram=options.ram_endpoint or usual.ram,
        sts=options.sts_endpoint or usual.sts,
        oss=options.oss_endpoint or usual.oss,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops provision",
        description="Show what is missing in the account; with --apply, create it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--region", required=True, help="of the functions and the Project, such as cn-hangzhou")
    add("--project", required=True, help="the SLS Project; its name is unique in the region")
    add("--logstores", default="web-tracking-logstore", help="comma-separated; default: %(default)s")
    add(
        "--function-logstore",
        default="function-logs",
        help="the functions' log lines; default: %(default)s",
    )
    add(
        "--spool-bucket",
        default="",
        help="OSS bucket for batches that SLS does not accept; default: none",
    )
    add("--spool-prefix", default=PREFIX, help="prefix of its objects' names; default: %(default)s")
    add("--apply", action="store_true", help="execute the plan")
    add(
        "--enforce",
        action="store_true",
        help="set existing roles and policies to exactly the plan",
    )
    add("--close-webtracking", action="store_true", help="turn WebTracking off if it is on")
    add("--suffix", default="", help="suffix of the names of roles and policies, such as -staging")
    add("--token-seconds", type=int, default=3600, help="lifetime of tokens, 900-43200; default: 3600")
    add("--retention-days", type=int, default=30, help="retention of a new Logstore; default: 30")
    add("--env-file", type=Path, help="merge the variables for s.yaml into this file, such as .env")
    for service in ("sls", "ram", "sts", "oss"):
        variable = endpoint_variable(service)
        words = f"another endpoint of {service.upper()}, with scheme; default: {variable}, if set"
        add(f"--{service}-endpoint", default=endpoint_of(service), help=words)
    return parser
