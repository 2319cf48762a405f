"""Which engines are installed, and how to get the others (Debian's packages)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.engines.firefox import firefox
from tests.browser.engines.tab import Engine
from tests.browser.engines.webkit import minibrowser, webkit
from tests.support.children import survivors

FIREFOX_NAMES = ("firefox-esr", "firefox")

Launch = Callable[[Path], AbstractContextManager[Engine]]


class NotInstalled(Exception):
    """An engine is not on this machine; the message says how to get it."""


@contextmanager
def launched(name: str) -> Iterator[Engine]:
    """Run the engine called `name`: firefox or webkit. Raises NotInstalled.

    Nothing that it started is left at the end: AssertionError if it is.
    """
    launch = {"firefox": _firefox, "webkit": _webkit}[name]()
    with TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as directory:
        home = Path(directory)
        with launch(home) as engine:
            yield engine
        left = survivors(home)
        assert left == [], f"{name} has left processes behind: {left}"


def _firefox() -> Launch:
    executable = next(filter(None, map(shutil.which, FIREFOX_NAMES)), None)
    if executable is None:
        raise NotInstalled("no Firefox on PATH: on Debian, `apt-get install firefox-esr`")
    return lambda home: firefox(executable, home)


def _webkit() -> Launch:
    driver, binary = shutil.which("WebKitWebDriver"), minibrowser()
    if driver is None or binary is None or shutil.which("Xvfb") is None:
        raise NotInstalled(
            "no WebKitGTK driver or no Xvfb: on Debian, `apt-get install webkit2gtk-driver xvfb`"
        )
    return lambda home: webkit(driver, binary, home)
