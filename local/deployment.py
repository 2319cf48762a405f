"""Sets up what `s deploy` and an operator create: the account's roles, a reading user, and the functions."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from local.fc.function import HIGHEST_CONCURRENCY, Credentials, Function
from local.ram import PolicyDocument, Ram
from shared.access.gate import LONGEST_LIFE, MAX_SECONDS
from shared.access.tickets import SHORTEST_KEY, read_keys, to_base64url
from shared.settings import Environment, SettingError
from shared.spool.format import DIGITS, pending
from shared.spool.settings import SpoolSettings

REGION = "cn-hangzhou"
CREDENTIALS_LAST = 36 * 3600  # seconds: of a function's role, as on Function Compute
LONGEST_SESSION = 43200  # seconds: the maximum of TOKEN_DURATION_SECONDS

# Of both triggers, as in s.yaml: FC answers other methods with its own 403, not the contract's 405.
METHODS = ("GET", "POST", "OPTIONS")

DEFAULTS = {
    "SLS_PROJECT": "webtracking-demo",
    "SLS_LOGSTORES": "web-tracking-logstore,checkout",
}
SPOOL_BUCKET = "webtracking-demo-spool"
# The settings that each function reads (README.md, "Settings").
_ALL_READ = ("SLS_PROJECT", "SLS_LOGSTORES", "SLS_REGION")
_ACCESS = (
    *("TICKETS", "TICKET_KEYS", "TICKET_MAX_SECONDS", "RATE_LIMIT", "RATE_MODE", "RATE_LIMIT_STORE"),
    "CLIENT_IP_HEADER",
)
_FILTERS = ("BOTS", "IGNORE_IPS", "GPC", "REFERER", "DROP_FIELDS")
_BOTH_READ = (*_ALL_READ, *_ACCESS, "ALLOWED_ORIGINS", "ORIGIN_MODE", "MISSING_ORIGIN", "REQUEST_LOG")
_SPOOL_READS = ("SPOOL_OSS_BUCKET", "SPOOL_OSS_ENDPOINT", "SPOOL_PREFIX")
_TRACK_READS = (*_BOTH_READ, *_SPOOL_READS, *_FILTERS, "SLS_ENDPOINT", "SLS_WRITE", "CLIENT_IP")
_TOKEN_READS = (*_BOTH_READ, "STS_ENDPOINT", "STS_ROLE_ARN", "TOKEN_DURATION_SECONDS")
_REPLAY_READS = (*_ALL_READ, *_SPOOL_READS, "SLS_ENDPOINT")
BUILTIN, CUSTOM = "builtin", "custom"  # FUNCTION_RUNTIME
_CONCURRENCY = 64  # requests at once in an instance of a custom runtime: the default of CONCURRENCY
_KEY_ID, _KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
_ROLE_ARN = re.compile(r"acs:ram::(\d+):role/([A-Za-z0-9.-]+)")


TICKET_LASTS = 600  # seconds, unless TICKET_MAX_SECONDS is less
GUARDED = "/guarded"  # path prefix of the functions that enforce tickets


class Deployment:
    """An account built from the settings in `environ`, else from defaults.

    FUNCTION_RUNTIME says how track and token run: `builtin` (the default), or `custom`, as HTTP servers with
    up to CONCURRENCY requests at once in an instance.

    `spool` stores batches that SLS does not accept. There is none if SPOOL_OSS_BUCKET is set and empty. If
    SLS_ENDPOINT is not the stand-in, there is one only if SPOOL_OSS_BUCKET is set: keys for another SLS do
    not work with the OSS stand-in.

    A second pair of track and token always enforces page tickets; TICKETS applies to the first pair only.
    `ticket_keys` are the second pair's keys: those in TICKET_KEYS, or a generated one. `ticket_seconds` is
    the lifetime of the sample page's tickets.

    Raises shared.settings.SettingError if one of these is invalid, or if the functions would refuse the
    Project, Logstore, region or spool.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name: value for name, value in environ.items() if value.strip()}
        if "SPOOL_OSS_BUCKET" not in environ and "SLS_ENDPOINT" not in self._environ:
            self._environ["SPOOL_OSS_BUCKET"] = SPOOL_BUCKET
        env = Environment({"FC_REGION": REGION, **DEFAULTS, **self._environ})
        self.project, self.logstores, self.region = env.project(), env.logstores(), env.region()
        self.spool = SpoolSettings.read(env) if env.get("SPOOL_OSS_BUCKET") else None
        self.custom = env.choice("FUNCTION_RUNTIME", (BUILTIN, CUSTOM)) == CUSTOM
        self._concurrency = env.integer("CONCURRENCY", 1, HIGHEST_CONCURRENCY, _CONCURRENCY)
        self.replay_parts = env.integer("REPLAY_PARTS", 1, len(DIGITS), 1)
        self.ticket_keys = _ticket_keys(env)
        self.ticket_seconds = min(
            TICKET_LASTS, env.integer("TICKET_MAX_SECONDS", 1, LONGEST_LIFE, MAX_SECONDS)
        )
        # The stand-in has a role with the name from the settings.
        role = _ROLE_ARN.fullmatch(self._environ.get("STS_ROLE_ARN", ""))
        account, self._target = role.groups() if role else ("1234567890123456", "sls-web-tracking")
        self.ram = Ram(account)
        everything = f"acs:log:*:*:project/{self.project}/*"
        reads = [_allow(["log:Get*", "log:List*"], [everything])]
        if self.spool:
            reads.append(_allow(["oss:ListObjects"], [f"acs:oss:*:*:{self.spool.bucket}"]))
        self.reader_key = self.ram.add_user("reader", reads)

    @property
    def origins(self) -> str:
        """The current setting of allowed origins, for display."""
        allowed = self._environ.get("ALLOWED_ORIGINS")
        if not allowed:
            return "any, as ALLOWED_ORIGINS is empty"
        audited = self._environ.get("ORIGIN_MODE") == "audit"
        return f"{allowed}{' (audit: others are logged and allowed)' if audited else ''}"

    @property
    def sls_is_local(self) -> bool:
        """Whether the functions write to the stand-in."""
        return "SLS_ENDPOINT" not in self._environ

    @property
    def local_spool(self) -> SpoolSettings | None:
        """The spool, if it is in the stand-in."""
        return None if "SPOOL_OSS_ENDPOINT" in self._environ else self.spool

    @property
    def spool_for_display(self) -> str:
        """The spool's location, for display."""
        if self.spool is None:
            return "none: a batch that SLS does not accept is answered with an error"
        place = "" if self.local_spool else f" at {self.spool.endpoint}"
        return f"oss://{self.spool.bucket}/{self.spool.prefix}{place}"

    @property
    def runtime(self) -> str:
        """The runtime of the functions, for display."""
        if not self.custom:
            return "built-in, one request at a time in an instance"
        return f"custom, up to {self._concurrency} requests at once in an instance"

    @property
    def anonymous(self) -> bool:
        """Whether track writes unsigned, for which the Logstores need WebTracking."""
        return self._environ.get("SLS_WRITE") == "anonymous"

    def track(self, sls_url: str, oss_url: str) -> Function:
        """Return track; its role may only write to the configured Logstores and add to the spool."""
        policies = [self._writing("log:PostLogStoreLogs")]
        if self.spool:
            policies.append(_allow(["oss:PutObject"], [_objects(self.spool, pending(self.spool.prefix))]))
        role = self._function_role("track", *policies)
        return self._as_runtime(self._function("track", role, _TRACK_READS, self._services(sls_url, oss_url)))

    def timed(self, sls_url: str, oss_url: str) -> list[Function]:
        """Return the functions with a timer trigger: replay, if there is a spool.

        Its role may only write to the configured Logstores and read, add and delete objects of the spool.
        """
        if self.spool is None:
            return []
        spool = _allow(
            ["oss:GetObject", "oss:DeleteObject", "oss:PutObject"], [_objects(self.spool, self.spool.prefix)]
        )
        listing = _allow(["oss:ListObjects"], [f"acs:oss:*:*:{self.spool.bucket}"])
        role = self._function_role("replay", self._writing("log:PostLogStoreLogs"), spool, listing)
        function = self._function("replay", role, _REPLAY_READS, self._services(sls_url, oss_url))
        return [replace(function, methods=(), instances=self.replay_parts)]

    def token(self, sts_url: str) -> Function:
        """Return token; its role may only assume the role with which pages write."""
        target = f"acs:ram::{self.ram.account_id}:role/{self._target}"
        role = self._function_role("token", _allow(["sts:AssumeRole"], [target]))
        policy = self._writing("log:PostLogStoreLogs", "log:PutLogs")
        self.ram.add_role(self._target, trusted=[role], policies=[policy], max_session=LONGEST_SESSION)
        defaults = {"STS_ENDPOINT": sts_url, "STS_ROLE_ARN": target}
        return self._as_runtime(self._function("token", role, _TOKEN_READS, defaults))

    def guarded(self, function: Function) -> Function:
        """Return the same function as one that enforces page tickets."""
        keys = ",".join(f"{kid}:{to_base64url(key)}" for kid, key in self.ticket_keys.items())
        enforcing = {"TICKETS": "enforce", "TICKET_KEYS": keys}
        return replace(
            function,
            name=f"guarded-{function.name}",
            environment={**function.environment, **enforcing},
        )

    def _function_role(self, name: str, *policies: PolicyDocument) -> str:
        return self.ram.add_role(f"sls-webtracking-{name}", trusted=["fc.aliyuncs.com"], policies=policies)

    def _services(self, sls_url: str, oss_url: str) -> dict[str, str]:
        return {"SLS_ENDPOINT": sls_url, **({"SPOOL_OSS_ENDPOINT": oss_url} if self.spool else {})}

    def _writing(self, *actions: str) -> PolicyDocument:
        stores = [f"acs:log:*:*:project/{self.project}/logstore/{name}" for name in self.logstores]
        return _allow(list(actions), stores)

    def _function(self, name: str, role: str, reads: tuple[str, ...], local: Mapping[str, str]) -> Function:
        given = {setting: self._environ[setting] for setting in reads if setting in self._environ}
        if not self.spool:
            given = {setting: value for setting, value in given.items() if setting not in _SPOOL_READS}
        return Function(
            name=name,
            handler=f"functions.{name}.index.handler",
            initializer=f"functions.{name}.index.initialize",
            methods=METHODS,
            environment={**DEFAULTS, **local, **given},
            credentials=partial(self._credentials, role, given),
            region=REGION,
            account_id=self.ram.account_id,
        )

    def _as_runtime(self, function: Function) -> Function:
        if not self.custom:
            return function
        served = ("{python}", "-m", f"functions.{function.name}", "--host", "127.0.0.1", "--port", "{port}")
        return replace(
            function,
            runtime="custom.debian11",
            command=served,
            pre_stop="pre-stop",
            instance_concurrency=self._concurrency,
            environment={**function.environment, "CONCURRENCY": str(self._concurrency)},
        )

    def _credentials(self, role: str, given: Mapping[str, str]) -> Credentials:
        """Return a credential of the role, or the developer's own keys if a real service is configured.

        Without a real service such keys are ignored: the stand-ins would refuse them.
        """
        elsewhere = "SLS_ENDPOINT" in given or "STS_ENDPOINT" in given
        if elsewhere and _KEY_ID in self._environ and _KEY_SECRET in self._environ:
            token = self._environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
            return Credentials(self._environ[_KEY_ID], self._environ[_KEY_SECRET], token)
        issued = self.ram.issue(
            role, session_name="fc", session_policy=None, duration=CREDENTIALS_LAST, now=time.time()
        )
        return Credentials(issued.id, issued.secret, issued.security_token)


def _ticket_keys(env: Environment) -> dict[str, bytes]:
    held = env.get("TICKET_KEYS")
    try:
        return read_keys(held) if held else {"local": secrets.token_bytes(SHORTEST_KEY)}
    except ValueError as error:
        raise SettingError("TICKET_KEYS", "(not shown)", str(error)) from None


def _objects(spool: SpoolSettings, prefix: str) -> str:
    return f"acs:oss:*:*:{spool.bucket}/{prefix}*"


def _allow(actions: list[str], resources: list[str]) -> PolicyDocument:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}
