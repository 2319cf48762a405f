"""Settings: environment variables, read once and checked at start.

A bad one raises `SettingError`, which names it, what it holds and what it should hold. An empty variable
counts as unset, since s.yaml cannot leave one out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.network.address import HOST_NAME, parse_address

PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
LOGSTORE = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]")
REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class SettingError(ValueError):
    """A setting that cannot be worked with."""

    def __init__(self, name: str, held: str | None, wanted: str) -> None:
        holds = "is not set" if held is None else f"holds {held!r}"
        super().__init__(f"{name} {holds}; it should hold {wanted}")
        self.name = name


class Environment:
    """Reads settings out of environment variables, each with its check."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def get(self, name: str) -> str | None:
        """Return the variable without surrounding blanks, None where it is unset or empty."""
        return self._variables.get(name, "").strip() or None

    def text(self, name: str, form: re.Pattern[str] | str, wanted: str, default: str | None = None) -> str:
        """Return a value of the given form, `default` where unset; `wanted` describes the form in words."""
        held = self.get(name) or default
        if held is None or re.fullmatch(form, held) is None:
            raise SettingError(name, held, wanted)
        return held

    def optional_text(self, name: str, form: re.Pattern[str] | str, wanted: str) -> str | None:
        """Return a value of the given form, None where unset."""
        return self.text(name, form, wanted) if self.get(name) else None

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """Return one of `options`, the first where unset."""
        held = self.get(name) or options[0]
        if held not in options:
            raise SettingError(name, held, f"one of {', '.join(options)}")
        return held

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        """Return a whole number from `low` to `high`."""
        held = self.get(name) or str(default)
        if re.fullmatch(r"[0-9]{1,9}", held) is None or not low <= int(held) <= high:
            raise SettingError(name, held, f"a whole number from {low} to {high}")
        return int(held)

    def entries(self, name: str) -> tuple[str, ...]:
        """Return the entries of a comma-separated value, blanks around them removed; () where unset."""
        held = self.get(name)
        if held is None:
            return ()
        entries = tuple(entry.strip() for entry in held.split(","))
        if not all(entries):
            raise SettingError(name, held, "entries separated by single commas, none of them empty")
        return entries

    def sls_address(self) -> str:
        """Return the http(s)://host[:port] that writes go to, of SLS_ENDPOINT and SLS_PROJECT.

        The SDK's own rule: with a scheme the address is complete, the Project not put before it.
        """
        region = self.get("FC_REGION") or self.region()
        endpoint = self.endpoint("SLS_ENDPOINT", f"{region}.log.aliyuncs.com")
        return endpoint if "://" in endpoint else f"https://{self.project()}.{endpoint}"

    def log_all(self) -> bool:
        """Return whether REQUEST_LOG asks for a line about every request, which is usual."""
        return self.choice("REQUEST_LOG", ("all", "problems")) == "all"

    def project(self) -> str:
        """Return SLS_PROJECT (naming rules: SLS documentation, "Manage a project")."""
        wanted = "a Project's name: 3 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit"
        return self.text("SLS_PROJECT", PROJECT, wanted)

    def logstores(self) -> tuple[str, ...]:
        """Return SLS_LOGSTORES (naming rules: SLS documentation, "Manage a Logstore")."""
        name = "SLS_LOGSTORES"
        names = self.entries(name)
        wanted = "names of Logstores separated by commas, each 2 to 63 of a-z, 0-9, _ and -"
        if not names or not all(LOGSTORE.fullmatch(entry) for entry in names):
            raise SettingError(name, self.get(name), wanted)
        return names

    def region(self) -> str:
        """Return SLS_REGION, by default the region that the function runs in (FC_REGION)."""
        return self.text("SLS_REGION", REGION, "a region such as cn-hangzhou", self.get("FC_REGION"))

    def endpoint(self, name: str, default: str) -> str:
        """Return a host name, or `http(s)://host[:port]` to be taken as it is."""
        wanted = "a host name such as cn-hangzhou.log.aliyuncs.com, or http(s)://host[:port]"
        held = self.get(name) or default
        if HOST_NAME.fullmatch(held) is None and parse_address(held) is None:
            raise SettingError(name, held, wanted)
        return held
