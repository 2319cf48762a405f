"""Function Compute's lifecycle calls, made by another client."""

from __future__ import annotations

import threading

from local.fc.function import Function
from local.fc.host import Host
from local.serving import Server
from tests.attacks.stranger import ONE, Stranger, ask, get, post, strangers
from tests.support.raw_server import RawServer
from tests.support.served import Served
from tests.track.support import SETTINGS

UNFINISHED = post(ONE, length=len(ONE) + 1)


def test_clients_that_call_pre_stop_block_no_one(track: Served, sls: RawServer) -> None:
    with Stranger(track.url) as unfinished, strangers(track.url, 63) as stopping:
        unfinished.send(UNFINISHED)
        for stranger in stopping:
            stranger.send(get("/pre-stop"))
        assert [ask(track.url, post()).status for _ in range(84)] == [200] * 84
        answers = [stranger.answer() for stranger in stopping]
    assert len(sls.received) == 84
    assert {answer.status for answer in answers} == {404}
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}


def test_while_the_platform_waits_for_the_end_requests_are_answered(track: Served) -> None:
    with strangers(track.url, 100) as stopping, Stranger(track.url) as unfinished:
        unfinished.send(UNFINISHED)
        for stranger in stopping:
            stranger.send(get("/pre-stop", "x-fc-control-path: /pre-stop"))
        assert ask(track.url, post()).status == 200
        assert {stranger.answer().status for stranger in stopping} == {200}


def test_through_the_trigger_a_client_cannot_imitate_the_platform(sls: RawServer) -> None:
    settings = {name: value for name, value in SETTINGS.items() if not name.startswith("FC_")}
    function = Function(
        name="track",
        handler="ignored",
        runtime="custom.debian11",
        command=("{python}", "-m", "functions.track", "--host", "127.0.0.1", "--port", "{port}"),
        environment={**settings, "SLS_ENDPOINT": sls.url},
        pre_stop="called",
        instance_concurrency=64,
        instances=1,
    )
    lines: list[str] = []
    host = Host(function, log=lambda _function, _request, line: lines.append(line))
    with Server(host) as server:
        for path in ("/pre-stop", "/initialize"):
            for forged in ("x-none: ", "x-fc-control-path: " + path, "X-Fc-Request-Id: 1-forged"):
                assert ask(server.url, get(path, forged)).status == 404
                assert ask(server.url, post(b"", forged, path=path)).status == 404
        host.stop()
    # The platform's own call was answered 200; otherwise the host would have logged it.
    assert not [line for line in lines if line.startswith("pre-stop")]


def test_many_at_once_are_answered_beside_uploads(track: Served) -> None:
    statuses: list[int] = []

    def upload() -> None:
        statuses.extend(ask(track.url, post()).status for _ in range(20))

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    with Stranger(track.url) as stopping:
        for _ in range(200):
            stopping.send(get("/pre-stop"))
            assert stopping.answer().status == 404
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 80
