"""The instances of one function: started on demand up to a cap, one request at a time each."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from local.fc.errors import FunctionFailed, Refused
from local.fc.function import Function
from local.fc.logs import Log, to_stderr
from local.fc.process import InstanceProcess


class Pool:
    """Hands each request an idle instance, or a new one, or refuses it."""

    def __init__(self, function: Function, log: Log = to_stderr) -> None:
        self.function = function
        self._log = log
        self._lock = threading.Lock()
        self._busy = 0
        self._idle: list[InstanceProcess] = []
        self._all: set[InstanceProcess] = set()
        self._stopped = False
        self._threads = ThreadPoolExecutor(function.instances, thread_name_prefix=f"fc-{function.name}")

    def submit(self, event: bytes, request_id: str) -> Future[bytes]:
        """Run the handler and return its serialized result, in time.

        Raises Refused at once when every instance is busy; the future raises FunctionFailed.
        """
        with self._lock:
            if self._stopped or self._busy >= self.function.instances:
                raise Refused.exhausted(self.function.instances)
            self._busy += 1
            return self._threads.submit(self._run, event, request_id)

    def warm(self, request_id: str) -> None:
        """Have one instance ready before the first request. Raises FunctionFailed if it cannot start."""
        instance = self._take(request_id)
        self._put_back(instance)

    @property
    def pids(self) -> set[int]:
        """The process ids of all instances, busy and idle."""
        with self._lock:
            return {instance.pid for instance in self._all}

    def stop(self) -> None:
        """End all instances: the idle with their `pre_stop`, the busy at once."""
        with self._lock:
            self._stopped = True
            idle, everyone = set(self._idle), set(self._all)
            self._idle.clear()
        for busy in everyone - idle:
            busy.interrupt()
        stopping = [threading.Thread(target=instance.stop) for instance in idle]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        self._threads.shutdown()

    def _run(self, event: bytes, request_id: str) -> bytes:
        try:
            instance = self._take(request_id)
            try:
                return instance.invoke(event, request_id)
            finally:
                self._put_back(instance)
        finally:
            with self._lock:
                self._busy -= 1

    def _take(self, request_id: str) -> InstanceProcess:
        with self._lock:
            while self._idle:
                instance = self._idle.pop()
                if instance.alive:
                    return instance
                self._forget(instance)
            if self._stopped:
                raise FunctionFailed("the host is stopping")
            instance = InstanceProcess(self.function, request_id, self._log)
            self._all.add(instance)
        try:
            instance.initialize()
        except FunctionFailed:
            with self._lock:
                self._forget(instance)
            raise
        return instance

    def _put_back(self, instance: InstanceProcess) -> None:
        if instance.worn_out:
            instance.stop()
        with self._lock:
            if instance.alive and not self._stopped:
                self._idle.append(instance)
                return
            self._forget(instance)

    def _forget(self, instance: InstanceProcess) -> None:
        self._all.discard(instance)
        instance.kill()
