"""Which files of the wheels a package needs; whatever these lists do not name stays out.

Left out: tests, type stubs, metadata beyond the licences, lz4's frame format, uvicorn's command line,
reloading and other protocols, the OSS SDK's asynchronous client and its newer services, most of
pycryptodome, and of the STS SDK all but the models and the modules they import. Its client, and
alibabacloud-credentials with the default chain, are for machines off Function Compute; on it, credentials
come from the context or the environment. tests/ops/package runs each package by itself, which is how the
lists are known to be enough.
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
# What `import uvicorn` and serving by httptools in a uvloop load (measured by sys.modules after a request).
SERVER = (
    *(f"uvicorn/{name}.py" for name in ("__init__", "_ansi", "_compat", "_subprocess", "_types", "config")),
    *(f"uvicorn/{name}.py" for name in ("importer", "logging", "main", "server")),
    *(f"uvicorn/lifespan/{name}.py" for name in ("__init__", "off")),
    *(f"uvicorn/loops/{name}.py" for name in ("__init__", "uvloop")),
    *(f"uvicorn/middleware/{name}.py" for name in ("__init__", "asgi2", "message_logger")),
    *(f"uvicorn/middleware/{name}.py" for name in ("proxy_headers", "wsgi")),
    *(f"uvicorn/protocols/{name}.py" for name in ("__init__", "utils")),
    *(f"uvicorn/protocols/http/{name}.py" for name in ("__init__", "flow_control", "httptools_impl")),
    *(f"uvicorn/supervisors/{name}.py" for name in ("__init__", "basereload", "multiprocess", "statreload")),
    "uvicorn-*.dist-info/licenses/LICENSE.md",
    "httptools/*.py",
    "httptools/parser/*.py",
    "httptools/parser/*.so",
    "httptools-*.dist-info/licenses/**/LICENSE*",
    *(f"uvloop/{name}.py" for name in ("__init__", "_noop", "_version", "includes/__init__")),
    "uvloop/loop*.so",
    "uvloop-*.dist-info/licenses/LICENSE*",
    # uvicorn's command line, which its root module imports and nobody here calls, is made with click.
    *(f"click/{name}.py" for name in ("__init__", "_compat", "_utils", "core", "decorators", "exceptions")),
    *(f"click/{name}.py" for name in ("formatting", "globals", "parser", "termui", "types", "utils")),
    "click-*.dist-info/licenses/LICENSE.txt",
)

# The OSS SDK with what its root module imports: requests, and ciphers for an encryption in the client that
# nobody here uses (measured by sys.modules and /proc/self/maps after each call that replay makes).
OSS = (
    *(
        f"alibabacloud_oss_v2/{place}*.py"
        for place in (
            "",
            "credentials/",
            "crypto/",
            "models/",
            "operations/",
            "retry/",
            "signer/",
            "transport/",
        )
    ),
    "alibabacloud_oss_v2-*.dist-info/LICENSE",
    "requests/*.py",
    "requests-*.dist-info/licenses/*",
    *(f"urllib3/{place}*.py" for place in ("", "http2/", "util/")),
    "urllib3/contrib/__init__.py",
    "urllib3-*.dist-info/licenses/LICENSE.txt",
    "certifi/*.py",
    "certifi/cacert.pem",
    "certifi-*.dist-info/licenses/LICENSE",
    "idna/*.py",
    "idna-*.dist-info/licenses/LICENSE.md",
    *(f"charset_normalizer/{name}.py" for name in ("__init__", "api", "constant", "legacy", "models")),
    *(f"charset_normalizer/{name}.py" for name in ("utils", "version")),
    "charset_normalizer/*.so",
    "charset_normalizer-*.dist-info/licenses/LICENSE",
    *(f"crcmod/{name}.py" for name in ("__init__", "_version", "crcmod", "predefined", "types")),
    "crcmod/_crcfunext*.so",
    "crcmod_plus-*.dist-info/licenses/LICENSE.txt",
    "Crypto/__init__.py",
    *(f"Crypto/Cipher/{name}.py" for name in ("__init__", "AES", "PKCS1_v1_5", "_pkcs1_oaep_decode")),
    *(f"Crypto/Cipher/{name}.abi3.so" for name in ("_pkcs1_decode", "_raw_aes", "_raw_aesni")),
    *(f"Crypto/Hash/{name}.py" for name in ("__init__", "HMAC", "SHA256")),
    *(f"Crypto/Hash/{name}.abi3.so" for name in ("_SHA256", "_SHA256_shani")),
    *(
        f"Crypto/Math/{name}.py"
        for name in ("__init__", "Numbers", "Primality", "_IntegerBase", "_IntegerNat")
    ),
    *(f"Crypto/Math/{name}.abi3.so" for name in ("_nat", "_nat_bmi2_adx")),
    *(f"Crypto/PublicKey/{name}.py" for name in ("__init__", "RSA")),
    "Crypto/Random/__init__.py",
    *(
        f"Crypto/Util/{name}.py"
        for name in ("__init__", "Counter", "_bytes", "_cpu_features", "_file_system")
    ),
    *(f"Crypto/Util/{name}.py" for name in ("_raw_api", "asn1", "number", "strxor")),
    *(f"Crypto/Util/{name}.abi3.so" for name in ("_cpuid_c", "_strxor")),
    "pycryptodome-*.dist-info/licenses/LICENSE.rst",
)
