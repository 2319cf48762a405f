"""token's entry points on a built-in runtime: `index.handler` and `index.initialize`."""

from __future__ import annotations

from functions.token.service import build
from shared.hosts.builtin import Function

_function = Function(build)
initialize = _function.initialize
handler = _function.handle
