"""Time calls of a program from outside, without a line in the program itself."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Watch:
    """Seconds during which at least one of the watched calls was running; calls may overlap in threads."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._running = 0
        self._since = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        with self._lock:
            now = time.perf_counter()
            if self._running:
                self.seconds += now - self._since
            self._since = now
            self._running += by


def watch(owner: Any, name: str, only: Callable[..., bool] = lambda *_: True) -> Watch:
    """Replace `owner.name` by one that is timed, where the call's arguments satisfy `only`."""
    original, watch = getattr(owner, name), Watch()

    def timed(*arguments: Any, **named: Any) -> Any:
        if not only(*arguments):
            return original(*arguments, **named)
        with watch.running():
            return original(*arguments, **named)

    setattr(owner, name, timed)
    return watch
