"""The files of wheels that the packages need; all others are left out.

Left out: tests, type stubs, metadata beyond the licences, lz4's frame format, uvicorn's command line,
reloading and other protocols, and of the STS SDK everything but the models and the modules they import.
The SDK's client, and alibabacloud-credentials with the default chain, are for other machines: on Function
Compute, credentials come from the context or the environment. tests/ops/package runs each package in
isolation to prove that the lists are complete.
"""

from __future__ import annotations

MSGSPEC = ("msgspec/*.py", "msgspec/_core*.so", "msgspec-*.dist-info/licenses/LICENSE")
LZ4_BLOCK = (
    "lz4/__init__.py",
    "lz4/version.py",
    "lz4/_version*.so",
    "lz4/block/__init__.py",
    "lz4/block/_block*.so",
    "lz4-*.dist-info/licenses/LICENSE",
)
STS_MODELS = (
    "alibabacloud_sts20150401/__init__.py",
    "alibabacloud_sts20150401/models/*.py",
    "alibabacloud_sts20150401-*.dist-info/LICENSE",
    "darabonba/__init__.py",
    "darabonba/exceptions.py",
    "darabonba/model.py",
    "darabonba/policy/*.py",
    "Tea/__init__.py",
    "Tea/exceptions.py",
    "Tea/model.py",
    "Tea/request.py",
)
# The client of RATE_LIMIT_STORE: all modules, because `import redis` loads most of them.
REDIS = (
    "redis/**/*.py",
    "redis-*.dist-info/licenses/LICENSE",
    "async_timeout/__init__.py",
    "async_timeout-*.dist-info/LICENSE",
)
# Loaded by `import uvicorn`, serving in a uvloop, and the parser (measured by sys.modules after a request).
SERVER = (
    *(f"uvicorn/{name}.py" for name in ("__init__", "_ansi", "_compat", "_subprocess", "_types", "config")),
    *(f"uvicorn/{name}.py" for name in ("importer", "logging", "main", "server")),
    *(f"uvicorn/lifespan/{name}.py" for name in ("__init__", "off")),
    *(f"uvicorn/loops/{name}.py" for name in ("__init__", "uvloop")),
    *(f"uvicorn/middleware/{name}.py" for name in ("__init__", "asgi2", "message_logger")),
    *(f"uvicorn/middleware/{name}.py" for name in ("proxy_headers", "wsgi")),
    *(f"uvicorn/supervisors/{name}.py" for name in ("__init__", "basereload", "multiprocess", "statreload")),
    "uvicorn-*.dist-info/licenses/LICENSE.md",
    "httptools/*.py",
    "httptools/parser/*.py",
    "httptools/parser/*.so",
    "httptools-*.dist-info/licenses/**/LICENSE*",
    *(f"uvloop/{name}.py" for name in ("__init__", "_noop", "_version", "includes/__init__")),
    "uvloop/loop*.so",
    "uvloop-*.dist-info/licenses/LICENSE*",
    # uvicorn's root module imports its command line, which uses click but is never called here.
    *(f"click/{name}.py" for name in ("__init__", "_compat", "_utils", "core", "decorators", "exceptions")),
    *(f"click/{name}.py" for name in ("formatting", "globals", "parser", "termui", "types", "utils")),
    "click-*.dist-info/licenses/LICENSE.txt",
)
