"""The function's own credentials: their order, their renewal, and that they are never shown."""

from __future__ import annotations

import json
import os
import pprint
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.credentials import KEY_ID, KEY_SECRET, TOKEN, Credentials, CredentialSource, from_context
from shared.http.errors import ApiError

ROOT = Path(__file__).parents[2]
ON_FC = {"FC_FUNCTION_NAME": "track"}
GIVEN = Credentials("context-id", "context-secret", "context-token")


def environment(key_id: str = "env-id", **more: str) -> dict[str, str]:
    return {**ON_FC, KEY_ID: key_id, KEY_SECRET: "env-secret", TOKEN: "env-token", **more}


def context(**credentials: Any) -> SimpleNamespace:
    return SimpleNamespace(credentials=SimpleNamespace(**credentials))


def test_the_contexts_credentials_are_used() -> None:
    given = context(access_key_id="id", access_key_secret="secret", security_token="token", more=1)
    assert from_context(given) == Credentials("id", "secret", "token")


@pytest.mark.parametrize("token", [{}, {"security_token": None}, {"security_token": ""}])
def test_a_context_without_a_token_has_only_a_key_pair(token: dict[str, Any]) -> None:
    given = context(access_key_id="id", access_key_secret="secret", **token)
    assert from_context(given) == Credentials("id", "secret", None)


@pytest.mark.parametrize(
    "without",
    [
        None,
        SimpleNamespace(),
        SimpleNamespace(credentials=None),
        context(),
        context(access_key_id="id"),
        context(access_key_secret="secret", security_token="token"),
        context(access_key_id="", access_key_secret="secret"),
        context(access_key_id="id", access_key_secret=""),
        context(access_key_id="id", access_key_secret=None),
    ],
)
def test_a_context_with_an_incomplete_pair_has_no_credentials(without: object) -> None:
    assert from_context(without) is None


def test_the_context_comes_before_the_environment() -> None:
    source = CredentialSource(environment())
    assert source.read(GIVEN) == GIVEN
    assert source.read(None) == Credentials("env-id", "env-secret", "env-token")


def test_a_change_of_the_environment_is_seen_at_the_next_read() -> None:
    variables = environment()
    source = CredentialSource(variables)
    source.read(None)
    variables.update(environment("new-id", **{KEY_SECRET: "new-secret", TOKEN: ""}))
    assert source.read(None) == Credentials("new-id", "new-secret", None)
    del variables[KEY_SECRET]
    with pytest.raises(ApiError):
        source.read(None)


def test_by_default_it_is_the_process_environment_as_it_is_at_each_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = CredentialSource()
    for key_id in ("first", "second"):
        for name, value in environment(key_id).items():
            monkeypatch.setenv(name, value)
        assert source.read(None).access_key_id == key_id


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {TOKEN: "env-token"},
        {KEY_ID: "env-id"},
        {KEY_SECRET: "env-secret"},
        environment(**{KEY_SECRET: ""}),
        environment(""),
    ],
)
def test_without_a_complete_pair_only_the_log_says_what_is_missing(
    variables: dict[str, str],
) -> None:
    with pytest.raises(ApiError) as caught:
        CredentialSource({**variables, **ON_FC}).read(None)
    error = caught.value
    assert (error.kind.status, error.kind.code) == (500, "InternalServerError")
    assert error.detail is not None
    assert KEY_ID in error.detail
    assert KEY_SECRET in error.detail
    assert "role" in error.detail
    for told in (error.message, str(error)):
        assert not any(word in told for word in ("ALIBABA", "env-", "credential", "role"))
    assert "env-" not in error.detail


@pytest.mark.parametrize("token", [None, "TOKEN-SECRET"])
def test_the_repr_of_credentials_has_no_secret(token: str | None) -> None:
    credentials = Credentials("STS.NTabcdefghijkl", "KEY-SECRET", token)
    shown = [
        repr(credentials),
        str(credentials),
        f"{credentials}",
        f"{credentials!r:>60}",
        f"{[credentials]}",
    ]
    shown += [pprint.pformat({"own": credentials}), "{}".format(credentials), "%r" % (credentials,)]  # noqa: UP031, UP032
    assert all("STS.NTab" in text for text in shown)
    assert not any("SECRET" in text or "ghijkl" in text for text in shown)


READ = """
import json, sys, msgspec
from shared.credentials import CredentialSource
from shared.http.errors import ApiError
try:
    found = msgspec.structs.astuple(CredentialSource().read(None))
except ApiError as error:
    found = error.detail
print(json.dumps([found, "alibabacloud_credentials" in sys.modules]))
"""


def read_in_a_process(home: Path, **variables: str) -> tuple[Any, bool]:
    """Return what a new process reads, or its error, and whether it imported the default chain."""
    inherited = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    offline = {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT), "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", READ],
        env={**inherited, **offline, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found, imported = json.loads(done.stdout)
    return found, imported


def write_profile(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "[default]\nenable = true\ntype = access_key\n"
        "access_key_id = file-id\naccess_key_secret = file-secret\n"
    )


def test_on_function_compute_the_default_chain_is_never_imported(tmp_path: Path) -> None:
    write_profile(tmp_path / ".alibabacloud" / "credentials.ini")
    found, imported = read_in_a_process(tmp_path, **ON_FC)
    assert "the context has none" in found
    assert not imported


def test_off_function_compute_it_is_not_imported_where_the_environment_has_credentials(
    tmp_path: Path,
) -> None:
    found, imported = read_in_a_process(tmp_path, **{KEY_ID: "env-id", KEY_SECRET: "env-secret"})
    assert found == ["env-id", "env-secret", None]
    assert not imported


def test_off_function_compute_the_chain_reads_the_file_that_its_variable_names(tmp_path: Path) -> None:
    write_profile(tmp_path / "elsewhere")
    file = str(tmp_path / "elsewhere")
    found, imported = read_in_a_process(tmp_path, ALIBABA_CLOUD_CREDENTIALS_FILE=file)
    assert (found, imported) == (["file-id", "file-secret", None], True)


def test_off_function_compute_the_chain_reads_the_profile_in_the_home_directory(tmp_path: Path) -> None:
    write_profile(tmp_path / ".alibabacloud" / "credentials.ini")
    found, _ = read_in_a_process(tmp_path, **{KEY_ID: "a pair's half"})
    assert found == ["file-id", "file-secret", None]


def test_outside_function_compute_a_chain_without_credentials_is_logged(tmp_path: Path) -> None:
    found, imported = read_in_a_process(tmp_path)
    assert "default chain found none" in found
    assert KEY_ID in found
    assert imported
