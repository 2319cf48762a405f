"""Clients of Alibaba Cloud's Python SDKs, for the real services or for stand-ins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

import alibabacloud_oss_v2 as oss
from alibabacloud_credentials.client import Client as CredentialsClient
from alibabacloud_credentials.exceptions import CredentialException
from alibabacloud_credentials.utils import auth_util
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.utils_models import Config
from aliyun.log import LogClient
from aliyun.log.auth import AUTH_VERSION_4


class NoCredentials(Exception):
    """No credentials in the environment, in a profile file or on the machine."""


class Credentials(NamedTuple):
    """The operator's AccessKey, or a temporary one with its token. Never shown, never stored."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id})"


class Endpoints(NamedTuple):
    """The services' endpoints; one with a scheme is used unchanged."""

    sls: str
    ram: str
    sts: str
    oss: str


def endpoint_variable(service: str) -> str:
    """Return the variable that overrides a service's endpoint, for the local cloud: OPS_SLS_ENDPOINT, …"""
    return f"OPS_{service.upper()}_ENDPOINT"


def endpoint_of(service: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the endpoint in that variable, "" if it is not set."""
    return environ.get(endpoint_variable(service), "").strip()


def default_endpoints(region: str) -> Endpoints:
    """Return the public endpoints. RAM has one for all regions."""
    return Endpoints(
        sls=f"https://{region}.log.aliyuncs.com",
        ram="ram.aliyuncs.com",
        sts=f"sts.{region}.aliyuncs.com",
        oss=f"oss-{region}.aliyuncs.com",
    )


def operator_credentials() -> Credentials:
    """Return the credentials of alibabacloud-credentials' default chain. Raises NoCredentials.

    The metadata service of an ECS instance is asked only if ALIBABA_CLOUD_ECS_METADATA has its role:
    elsewhere it takes seconds, and the library prints a stack trace for each attempt.
    """
    auth_util.environment_ecs_metadata_disabled = str("ALIBABA_CLOUD_ECS_METADATA" not in os.environ).lower()
    try:
        found = CredentialsClient().get_credential()
    except CredentialException as error:
        raise NoCredentials(
            "no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET "
            "(and ALIBABA_CLOUD_SECURITY_TOKEN), or ALIBABA_CLOUD_PROFILE; on an ECS instance "
            "set ALIBABA_CLOUD_ECS_METADATA to its role"
        ) from error
    return Credentials(found.access_key_id, found.access_key_secret, found.security_token or "")


def log_client(credentials: Credentials, region: str, endpoint: str) -> LogClient:
    """Return a client of SLS (signature V4). Only a public endpoint is prefixed with the Project's name."""
    client = LogClient(
        endpoint,
        credentials.access_key_id,
        credentials.access_key_secret,
        credentials.security_token or None,
        source="provision",  # otherwise the SDK looks up the machine's address
        auth_version=AUTH_VERSION_4,
        region=region,
    )
    if endpoint != default_endpoints(region).sls:
        # The SDK detects this only for a bare IPv4 address, without port or scheme
        # (aliyun-log-python-sdk 0.9.52, `Util.is_row_ip`).
        vars(client)["_isRowIp"] = True
    return client


def ram_client(credentials: Credentials, region: str, endpoint: str) -> RamClient:
    """RAM."""
    return RamClient(_config(credentials, region, endpoint))


def sts_client(credentials: Credentials, region: str, endpoint: str) -> StsClient:
    """Return a client of STS, which tells the account of the credentials."""
    return StsClient(_config(credentials, region, endpoint))


def oss_client(
    credentials: Credentials, region: str, endpoint: str, timeout: float = 10.0, attempts: int = 3
) -> oss.Client:
    """Return a client of OSS (V4); `timeout` in seconds. An endpoint with a scheme means path style."""
    keys = oss.credentials.StaticCredentialsProvider(
        credentials.access_key_id, credentials.access_key_secret, credentials.security_token or None
    )
    return oss.Client(
        oss.Config(
            region=region,
            endpoint=endpoint,
            credentials_provider=keys,
            use_path_style="://" in endpoint,
            retry_max_attempts=attempts,
            connect_timeout=timeout,
            readwrite_timeout=timeout,
        )
    )


def _config(credentials: Credentials, region: str, endpoint: str) -> Config:
    scheme, _, host = endpoint.rpartition("://")
    return Config(
        access_key_id=credentials.access_key_id,
        access_key_secret=credentials.access_key_secret,
        security_token=credentials.security_token or None,
        region_id=region,
        endpoint=host,
        protocol=scheme or "https",
        connect_timeout=10_000,  # milliseconds
        read_timeout=10_000,
    )
