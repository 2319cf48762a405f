"""Runs ``python -m local``: starts the local cloud, prints all addresses, and waits."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping

from local.fc.errors import FunctionFailed
from local.stack import USUAL_PORTS, WEB_DIST, Ports, PortTaken, Stack
from shared.settings import Environment, SettingError

READING = """\
# with .venv/bin/python after `make install`, or after `pip install aliyun-log-python-sdk`
import time
from aliyun.log import LogClient

client = LogClient("{url}", "{key.id}", "{key.secret}")
client._isRowIp = True  # the SDK would put the Project's name before an address with a port
now = int(time.time())
for log in client.get_log("{project}", "{logstore}", now - 3600, now + 60).get_logs():
    print(log.get_contents())
"""


def run(stop: threading.Event) -> int:
    """Run until `stop` is set, then return 0; 1 with one line on standard error if it cannot start."""
    try:
        with Stack(ports=read_ports(os.environ), environ=os.environ) as stack:
            print(describe(stack), flush=True)
            stop.wait()
    except (PortTaken, SettingError, FunctionFailed) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    print("stopped", flush=True)
    return 0


def read_ports(variables: Mapping[str, str]) -> Ports:
    """Read SITE_PORT, FUNCTIONS_PORT, SLS_PORT, STS_PORT and OSS_PORT. Raises SettingError."""
    env = Environment(variables)
    usual = USUAL_PORTS._asdict()
    return Ports(
        **{part: env.integer(f"{part.upper()}_PORT", 0, 65535, port) for part, port in usual.items()}
    )


def describe(stack: Stack) -> str:
    """Return the addresses, and how to read logs that have arrived."""
    deployment, functions = stack.deployment, stack.functions_url
    example = READING.format(
        url=stack.sls_url,
        key=stack.reader_key,
        project=deployment.project,
        logstore=deployment.logstores[0],
    )
    lines = [
        f"page       {stack.site_url}",
        f"console    {stack.site_url}/console",
        f"track      {functions}/logstores/{deployment.logstores[0]}/track",
        f"token      {functions}/get_sts_token",
        f"tickets    {stack.guarded_url}/t/TICKET/…, where track and token enforce them",
        f"health     {functions}/healthz",
        f"SLS        {stack.sls_url}",
        f"STS        {stack.sts_url}",
        f"OSS        {stack.oss_url}",
        f"spool      {deployment.spool_for_display}",
        f"runtime    {deployment.runtime}",
        f"origins    {deployment.origins}",
        f"read with  AccessKey id {stack.reader_key.id}, secret {stack.reader_key.secret}",
        "",
        *(f"    {line}" for line in example.splitlines()),
        "",
        *_left_out(),
        "Logs are kept until this program ends (Ctrl-C).",
    ]
    return "\n".join(lines)


def _left_out() -> list[str]:
    if (WEB_DIST / "index.html").is_file():
        return []
    return ["left out: the sample page (web/dist is missing; building it needs Node.js)"]
