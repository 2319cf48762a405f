"""Inspects the account, makes the plan, executes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.provision.bucket import bucket_steps
from ops.provision.clients import Credentials, Endpoints, log_client, oss_client, ram_client, sts_client
from ops.provision.logstores import sls_steps
from ops.provision.oss import SpoolBucket
from ops.provision.plan import Step
from ops.provision.ram import RamAccount
from ops.provision.roles import role_steps
from ops.provision.sls import SlsProject
from ops.provision.wanted import Target


@dataclass(frozen=True)
class Account:
    """The operator's identity and clients of RAM, SLS and OSS."""

    id: str
    arn: str
    ram: RamAccount
    sls: SlsProject
    oss: Callable[[str], SpoolBucket]


@dataclass(frozen=True)
class Choices:
    """Changes that need the operator's consent, because they may break something."""

    enforce: bool = False
    close_webtracking: bool = False


def connect(credentials: Credentials, target: Target, endpoints: Endpoints) -> Account:
    """Ask STS for the identity. Raises the SDK's TeaException."""
    caller = sts_client(credentials, target.region, endpoints.sts).get_caller_identity().body
    return Account(
        id=caller.account_id,
        arn=caller.arn,
        ram=RamAccount(ram_client(credentials, target.region, endpoints.ram)),
        sls=SlsProject(log_client(credentials, target.region, endpoints.sls), target.project),
        oss=lambda name: SpoolBucket(oss_client(credentials, target.region, endpoints.oss), name),
    )


def inspect(account: Account, target: Target, choices: Choices) -> list[Step]:
    """Return the plan for the current state; changes nothing. Raises the SDKs' exceptions."""
    steps = list(sls_steps(account.sls, target, close_webtracking=choices.close_webtracking))
    if target.spool:
        bucket = account.oss(target.spool.bucket)
        steps += bucket_steps(bucket, target.spool, target.region, enforce=choices.enforce)
    for role in target.roles(account.id):
        steps += role_steps(account.ram, role, enforce=choices.enforce)
    return steps


def apply(steps: Sequence[Step], say: Callable[[str], None]) -> None:
    """Execute the steps in order and report each; stops at the first failure.

    Completed steps stay; the next run continues with the rest.
    """
    for step in steps:
        if step.do:
            step.do()
            say(f"{step.state.value} {step.what}: done")
