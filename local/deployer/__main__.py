"""`python -m local.deployer deploy|remove [-y] [-t FILE]`, with the options of `s`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from alibabacloud_tea_openapi.exceptions import ClientException

from local.deployer.actions import deploy, remove
from local.deployer.api import Account, Api, MissingKey
from local.deployer.resources import InvalidResource, read, run_before

FAILED = 101  # the exit status of `s` when a call is refused


def main(arguments: Sequence[str]) -> int:
    """Deploy or remove every function of a file; returns the exit status."""
    options = _parser().parse_args(arguments)
    folder = Path.cwd()
    try:
        api = Api(Account.read(os.environ))
        for resource in read(folder, options.template):
            print(f"[{resource.name}] {options.what} by the official SDK", flush=True)
            if options.what == "deploy":
                run_before(folder, resource)
                deploy(api, resource, folder)
            else:
                remove(api, resource)
            for trigger in resource.triggers if options.what == "deploy" else []:
                _show(api, resource.function, trigger["triggerName"])
    except (ClientException, InvalidResource, MissingKey) as error:
        print(f"{options.what}: {_reason(error)}", file=sys.stderr)
        return FAILED
    return 0


def _reason(error: Exception) -> str:
    return f"{error.code}: {error.message}" if isinstance(error, ClientException) else str(error)


def _show(api: Api, function: str, trigger: str) -> None:
    url = api.url(function, trigger)
    if url:
        print(f"system_url: {url}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.deployer", description=__doc__)
    parser.add_argument("what", choices=["deploy", "remove"])
    parser.add_argument("-y", "--assume-yes", action="store_true", help="accepted as by `s`; never asks")
    parser.add_argument("-t", "--template", default="s.yaml", help="default: %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
