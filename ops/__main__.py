"""`python -m ops COMMAND …`: runs the module of this name.

A command is imported only when it runs, so packaging does not need the SDKs of provisioning.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "account": "say which account the AccessKey belongs to",
    "application": "put together what the Serverless Devs registry hands out by `s init`",
    "package": "assemble each function's own folder under build/",
    "provision": "create the Project, the Logstores, their indexes, the spool's bucket and the RAM roles",
    "plan": "compute what a site's traffic needs: instances, shards, quotas, a month's bill",
    "observe": "create index keys, saved searches, two dashboards and alarms in SLS",
    "verify": "check a deployment from outside",
    "ticket": "make a key for page tickets, issue a ticket, explain one",
}


def usage() -> str:
    """Return the usage text with one line for each command."""
    lines = [f"  {name:<11} {purpose}" for name, purpose in COMMANDS.items()]
    return "usage: python -m ops COMMAND [--help]\n\n" + "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run one command with the arguments after its name; returns the exit status."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(usage())
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        print(f"unknown command: {arguments[0]}\n{usage()}", file=sys.stderr)
        return 2
    status: int = import_module(f"ops.{arguments[0]}").main(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
