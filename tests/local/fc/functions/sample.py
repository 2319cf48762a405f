"""A function that misbehaves on request: the last part of the path says how."""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

STARTS: list[str] = []


def initialize(context: Any) -> None:
    if os.environ.get("BROKEN") == "initializer":
        raise RuntimeError("TIMES is 'many', not a number")
    if os.environ.get("BROKEN") == "exit":
        sys.exit("no settings at all")
    STARTS.append(context.request_id)


def pre_stop(_context: Any) -> None:
    Path(os.environ["FAREWELL"]).write_text("gone")


def handler(event: bytes, context: Any) -> Any:
    assert isinstance(event, bytes)
    request = json.loads(event)
    what = request["requestContext"]["http"]["path"].rsplit("/", 1)[-1]
    return globals()[f"do_{what}"](request, context)


def answer(value: object, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return {"statusCode": 200, "headers": headers or {}, "isBase64Encoded": False, "body": json.dumps(value)}


def do_echo(request: Any, _context: Any) -> Any:
    return answer(request)


def do_environment(_request: Any, _context: Any) -> Any:
    return answer(dict(os.environ))


def do_context(_request: Any, context: Any) -> Any:
    shown = {**vars(context), "function": vars(context.function)}
    if hasattr(context, "credentials"):
        shown["credentials"] = vars(context.credentials)
    return answer(shown)


def do_starts(_request: Any, _context: Any) -> Any:
    return answer({"pid": os.getpid(), "starts": STARTS, "path": sys.path, "cwd": str(Path.cwd())})


def do_wait(request: Any, _context: Any) -> Any:
    """Create a file to signal the start, and continue when it is removed."""
    sign = Path(request["queryParameters"]["file"])
    sign.write_text(str(os.getpid()))
    while sign.exists():
        time.sleep(0.01)
    return answer(os.getpid())


def do_sleep(_request: Any, _context: Any) -> Any:
    time.sleep(60)


def do_raise(_request: Any, _context: Any) -> Any:
    raise LookupError("the drawer is empty")


def do_exit(_request: Any, _context: Any) -> Any:
    os._exit(3)


def do_talk(_request: Any, _context: Any) -> Any:
    sys.stdout.write("printed\n")
    logging.getLogger().info("logged")
    logging.getLogger().debug("too quiet to be seen")
    sys.stderr.write("to standard error\n")
    return answer("said")


def do_result(request: Any, _context: Any) -> Any:
    """Return the result that the body specifies."""
    return json.loads(request["body"])


def do_text(_request: Any, _context: Any) -> Any:
    return "just text"


def do_set(_request: Any, _context: Any) -> Any:
    return {1, 2}


def do_cors(_request: Any, _context: Any) -> Any:
    return answer("", {"access-control-allow-origin": "https://shop.example.com"})
