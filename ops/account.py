"""`python -m ops account`: prints the account id of the AccessKey, for `s`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from Tea.exceptions import TeaException

from ops.provision.clients import (
    Credentials,
    NoCredentials,
    default_endpoints,
    endpoint_of,
    operator_credentials,
    sts_client,
)
from ops.provision.explain import advice


def main(arguments: Sequence[str], credentials: Callable[[], Credentials] = operator_credentials) -> int:
    """Print the account id; returns the exit status: 1 if no key is set or STS refuses it."""
    parser = argparse.ArgumentParser(prog="python -m ops account", description=__doc__)
    parser.add_argument("--region", default="cn-hangzhou", help="the region of STS; default: %(default)s")
    region = parser.parse_args(arguments).region
    try:
        endpoint = endpoint_of("sts") or default_endpoints(region).sts
        print(sts_client(credentials(), region, endpoint).get_caller_identity().body.account_id)
    except NoCredentials as error:
        print(f"account: {error}", file=sys.stderr)
    except TeaException as error:
        print(f"account: {advice(error)}", file=sys.stderr)
    else:
        return 0
    return 1
