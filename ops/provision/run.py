"""Looks at the account, makes the plan, carries it out."""

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
    """Who is asking, and their RAM, SLS and OSS."""

    id: str
    arn: str
    ram: RamAccount
    sls: SlsProject
    oss: Callable[[str], SpoolBucket]


@dataclass(frozen=True)
class Choices:
    """What the operator has to ask for, because it may take something away from somebody."""

    enforce: bool = False
    close_webtracking: bool = False


def connect(credentials: Credentials, target: Target, endpoints: Endpoints) -> Account:
    """Ask STS who this is. Raises the SDK's TeaException."""
    caller = sts_client(credentials, target.region, endpoints.sts).get_caller_identity().body
    return Account(
        id=caller.account_id,
        arn=caller.arn,
        ram=RamAccount(ram_client(credentials, target.region, endpoints.ram)),
        sls=SlsProject(log_client(credentials, target.region, endpoints.sls), target.project),
        oss=lambda name: SpoolBucket(oss_client(credentials, target.region, endpoints.oss), name),
    )


def inspect(account: Account, target: Target, choices: Choices) -> list[Step]:
    """The plan, from what is there now; changes nothing. Raises the SDKs' exceptions."""
    steps = list(sls_steps(account.sls, target, close_webtracking=choices.close_webtracking))
    if target.spool:
        bucket = account.oss(target.spool.bucket)
        steps += bucket_steps(bucket, target.spool, target.region, enforce=choices.enforce)
    for role in target.roles(account.id):
        steps += role_steps(account.ram, role, enforce=choices.enforce)
    return steps


def apply(steps: Sequence[Step], say: Callable[[str], None]) -> None:
    """Take the steps in order, saying each once it is done; stops at the first that fails.

    What was done by then stays done, and the next run goes on from there.
    """
    for step in steps:
        if step.do:
            step.do()
            say(f"{step.state.value} {step.what}: done")
