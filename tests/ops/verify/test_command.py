"""The command line: what it refuses, its forms, signed calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.serving import Server
from ops.__main__ import main
from ops.provision.clients import Credentials
from ops.verify.trigger import CONTENT_TYPE, NoAnswer, Trigger
from tests.ops.verify.conftest import LOGSTORE, PROJECT, Verify
from tests.ops.verify.test_sound import UNUSED

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "give at least one URL"),
        ([URL, URL, URL], "give one or two URLs"),
        ([URL, "--track", URL], "either as arguments or as --track and --token"),
        (["shop.fcapp.run"], "'shop.fcapp.run' is not an address"),
        (["--token", "ftp://x"], "'ftp://x' is not an address"),
        ([URL, "--project", "Shop"], "'Shop' is not a valid project"),
        ([URL, "--logstore", "-"], "'-' is not a valid logstore"),
        ([URL, "--region", "Hangzhou"], "'Hangzhou' is not a valid region"),
        ([URL, "--origin", "shop.example.com"], "'shop.example.com' is not a valid origin"),
        ([URL, "--refused-origin", "https://a/b"], "'https://a/b' is not a valid origin"),
    ],
)
def test_a_command_line_that_cannot_be_is_refused_with_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    status = main(["verify", "--logstore", LOGSTORE, "--timeout", "1", *arguments])

    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert complaint in err


def test_a_logstore_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", URL]) == 2
    assert "give the Logstore" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--signed"], "--signed needs keys in the environment"),
        (["--timeout", "0"], "0 is not between 0 and 3600"),
        (["--timeout", "soon"], "invalid _seconds value"),
        (["--tomorrow"], "unrecognized arguments: --tomorrow"),
    ],
)
def test_options_that_cannot_be_end_with_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", URL, "--logstore", LOGSTORE, *arguments])

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_module_runs_from_a_shell_with_status_and_json(verify: Verify) -> None:
    stack = verify.stack
    identifier, secret = stack.reader_key
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": identifier, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret}
    command = [sys.executable, "-m", "ops", "verify", stack.functions_url, *verify.options(), "--json"]

    done = subprocess.run(
        command, env={**os.environ, **keys}, capture_output=True, text=True, timeout=60, check=False
    )

    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (report["ok"], report["project"], report["logstore"]) == (True, PROJECT, LOGSTORE)
    skipped = {check["name"] for check in report["checks"] if check["result"] != "passed"}
    assert skipped == UNUSED
    assert secret not in done.stdout


def test_the_module_ends_with_status_1_where_nothing_answers() -> None:
    command = [sys.executable, "-m", "ops", "verify", URL, "--logstore", LOGSTORE]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "✗ track is up" in done.stdout
    assert done.stderr == ""


class Recorder:
    """Answers 200 and keeps the last request."""

    def __init__(self) -> None:
        self.request: Request | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = Request(scope, receive)
        await self.request.body()
        await Response(headers={"location": "/elsewhere"}, status_code=self.status())(scope, receive, send)

    def status(self) -> int:
        assert self.request is not None
        return 302 if self.request.url.path == "/moved" else 200


def test_signed_calls_carry_the_signature_of_function_compute() -> None:
    """`FC ak:base64(HMAC-SHA256(sk, …))` (Function Compute 2.0 documentation, "Signature")."""
    recorder = Recorder()
    trigger = Trigger(10, Credentials("ak", "sk", "token"))
    with Server(recorder) as server:
        trigger.call(
            "POST", f"{server.url}/a?b=c", "https://a", body=b"x", headers={CONTENT_TYPE: "text/plain"}
        )

    assert recorder.request is not None
    headers = recorder.request.headers
    signed = f"POST\n\ntext/plain\n{headers['date']}\nx-fc-security-token:token\n/a\nb=c"
    digest = hmac.new(b"sk", signed.encode(), hashlib.sha256).digest()
    assert headers["authorization"] == f"FC ak:{base64.b64encode(digest).decode()}"
    assert headers["x-fc-security-token"] == "token"


def test_anonymous_calls_carry_no_signature() -> None:
    recorder = Recorder()
    with Server(recorder) as server:
        answer = Trigger(10).call("GET", f"{server.url}/a", "https://a")

    assert recorder.request is not None
    assert answer.status == 200
    assert "authorization" not in recorder.request.headers


def test_a_redirect_is_said_and_not_followed_as_an_answer() -> None:
    with Server(Recorder()) as server, pytest.raises(NoAnswer, match=r"redirected to http.*/elsewhere"):
        Trigger(10).call("GET", f"{server.url}/moved", "https://a")


def test_a_run_with_signed_calls_passes_where_the_trigger_does_not_mind(verify: Verify) -> None:
    run = verify(verify.stack.functions_url, "--signed", "--json")

    assert run.status == 0


def test_the_addresses_can_come_from_what_s_deploy_printed(verify: Verify, tmp_path: Path) -> None:
    printed = tmp_path / "deployed.txt"
    url = verify.stack.functions_url
    printed.write_text(f"url:\n    \x1b[1msystem_url: \x1b[22m         {url}\nsystem_url: {url}\n")
    run = verify("--deployed", str(printed), "--json")
    assert run.status == 0
    assert json.loads(run.out)["track"] == url


@pytest.mark.parametrize(("text", "complaint"), [(None, "No such file"), ("nothing\n", "it has no address")])
def test_a_file_without_an_address_is_named(
    verify: Verify, tmp_path: Path, text: str | None, complaint: str
) -> None:
    printed = tmp_path / "deployed.txt"
    if text is not None:
        printed.write_text(text)
    run = verify("--deployed", str(printed))
    assert run.status == 2
    assert complaint in run.err
    assert str(printed) in run.err
