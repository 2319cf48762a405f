"""Settings: environment variables, read once and checked at startup.

An invalid setting raises `SettingError`, which names the setting, its value and the expected format. An empty
variable counts as unset, because s.yaml cannot leave out a variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.network.address import is_host_name, parse_address

LONGEST_NAME = 63  # characters of a Project's or Logstore's name
_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789"


class SettingError(ValueError):
    """An invalid setting."""

    def __init__(self, name: str, value: str | None, expected: str) -> None:
        found = "is not set" if value is None else f"has the value {value!r}"
        super().__init__(f"{name} {found}; expected {expected}")
        self.name = name


class Environment:
    """Reads and checks settings in environment variables."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def get(self, name: str) -> str | None:
        """Return the variable without surrounding blanks, None if unset or empty."""
        return self._variables.get(name, "").strip() or None

    def any_set(self, *names: str) -> bool:
        """Return whether one of the variables is set."""
        return any(self.get(name) for name in names)

    def text(self, name: str, form: re.Pattern[str] | str, expected: str, default: str | None = None) -> str:
        """Return a value of the given form, `default` if unset; the error shows `expected`."""
        value = self.get(name) or default
        if value is None or re.fullmatch(form, value) is None:
            raise SettingError(name, value, expected)
        return value

    def optional_text(self, name: str, form: re.Pattern[str] | str, expected: str) -> str | None:
        """Return a value of the given form, None if unset."""
        return self.text(name, form, expected) if self.get(name) else None

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """Return one of `options`, the first if unset."""
        value = self.get(name) or options[0]
        if value not in options:
            raise SettingError(name, value, f"one of {', '.join(options)}")
        return value

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        """Return an integer from `low` to `high`."""
        value = self.get(name) or str(default)
        if re.fullmatch(r"[0-9]{1,9}", value) is None or not low <= int(value) <= high:
            raise SettingError(name, value, f"a whole number from {low} to {high}")
        return int(value)

    def entries(self, name: str) -> tuple[str, ...]:
        """Return the entries of a comma-separated value, without surrounding blanks; () if unset."""
        value = self.get(name)
        if value is None:
            return ()
        entries = tuple(entry.strip() for entry in value.split(","))
        if not all(entries):
            raise SettingError(name, value, "entries separated by single commas, none of them empty")
        return entries

    def sls_address(self) -> str:
        """Return the http(s)://host[:port] for writes, from SLS_ENDPOINT and SLS_PROJECT.

        As in the SDK, an endpoint with a scheme is used unchanged, without the Project as prefix.
        """
        region = self.get("FC_REGION") or self.region()
        endpoint = self.endpoint("SLS_ENDPOINT", f"{region}.log.aliyuncs.com")
        return endpoint if "://" in endpoint else f"https://{self.project()}.{endpoint}"

    def log_all(self) -> bool:
        """Return whether every request gets a log line (REQUEST_LOG, default `all`)."""
        return self.choice("REQUEST_LOG", ("all", "problems")) == "all"

    def project(self) -> str:
        """Return SLS_PROJECT (naming rules: SLS documentation, "Manage a project")."""
        value = self.get("SLS_PROJECT")
        if value is None or not _is_name(value, 3, "-"):
            expected = (
                "a Project's name: 3 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit"
            )
            raise SettingError("SLS_PROJECT", value, expected)
        return value

    def logstores(self) -> tuple[str, ...]:
        """Return SLS_LOGSTORES (naming rules: SLS documentation, "Manage a Logstore")."""
        name = "SLS_LOGSTORES"
        names = self.entries(name)
        expected = "names of Logstores separated by commas, each 2 to 63 of a-z, 0-9, _ and -"
        if not names or not all(_is_name(entry, 2, "_-") for entry in names):
            raise SettingError(name, self.get(name), expected)
        return names

    def region(self) -> str:
        """Return SLS_REGION, by default the function's region (FC_REGION)."""
        value = self.get("SLS_REGION") or self.get("FC_REGION")
        if value is None or not all(_is_plain(part) for part in value.split("-")):
            raise SettingError("SLS_REGION", value, "a region such as cn-hangzhou")
        return value

    def endpoint(self, name: str, default: str) -> str:
        """Return a host name, or `http(s)://host[:port]`, which is used unchanged."""
        expected = "a host name such as cn-hangzhou.log.aliyuncs.com, or http(s)://host[:port]"
        value = self.get(name) or default
        if not is_host_name(value) and parse_address(value) is None:
            raise SettingError(name, value, expected)
        return value


# No regular expressions: compiling them would take longer at each cold start than everything else here.


def _is_name(text: str, shortest: int, marks: str) -> bool:
    """Whether the text is `shortest` to 63 letters, digits and marks, without a mark at start or end."""
    return (
        shortest <= len(text) <= LONGEST_NAME
        and _is_plain(text[0] + text[-1])
        and not text.strip(_PLAIN + marks)
    )


def _is_plain(text: str) -> bool:
    return text != "" and not text.strip(_PLAIN)
