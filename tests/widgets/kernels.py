"""A kernel, and a front end that speaks with it as VS Code does: without subshells, all on the shell channel."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_client import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_client import BlockingKernelClient

_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the kernel: when it came, what it is, and how many bytes came over the wire."""

    at: float
    kind: str
    parent: str
    content: dict[str, Any]
    size: int


class FrontEnd:
    """Keeps what the kernel says, and the state of each widget that it opened, as a page does."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self.messages: list[Message] = []
        self.states: dict[str, dict[str, Any]] = {}

    def run(self, code: str, cell: str | None = None) -> list[Message]:
        """Run a cell and give what it sent until the kernel was idle again; `cell` is its id, as notebooks say it."""
        begin = len(self.messages)
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = self._client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self._client.shell_channel.send(message)
        request = message["header"]["msg_id"]
        self.listen_until(lambda: self._has_ended(request, begin))
        sent = [message for message in self.messages[begin:] if message.parent == request]
        errors = [message.content["evalue"] for message in sent if message.kind == "error"]
        assert not errors, errors
        return sent

    def evaluate(self, code: str) -> str:
        """Give the text of an expression's value."""
        results = [m for m in self.run(code) if m.kind == "execute_result"]
        return str(results[-1].content["data"]["text/plain"])

    def set(self, comm: str, **state: Any) -> None:
        """Set traits of a widget, as the page does."""
        self._send("comm_msg", comm, {"method": "update", "state": state, "buffer_paths": []})

    def close_comm(self, comm: str) -> None:
        """Close a widget's comm, as a front end does that forgets it."""
        self._send("comm_close", comm, {})
        self.states.pop(comm, None)

    def listen(self, seconds: float) -> list[Message]:
        """Give what the kernel sends in so many seconds."""
        begin, until = len(self.messages), time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0:
            self._take(rest)
        return self.messages[begin:]

    def listen_until(self, condition: Callable[[], bool]) -> None:
        """Take messages until the condition holds."""
        until = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < until, f"it did not happen; the last messages: {self.messages[-5:]}"
            self._take(0.1)

    def complaints(self, since: int = 0) -> list[str]:
        """Give what went wrong in the kernel, and what was written to its stderr."""
        seen = self.messages[since:]
        errors = [f"{m.content['ename']}: {m.content['evalue']}" for m in seen if m.kind == "error"]
        return errors + [m.content["text"] for m in seen if m.kind == "stream" and m.content["name"] == "stderr"]

    def _has_ended(self, request: str, begin: int) -> bool:
        return any(
            m.kind == "status" and m.parent == request and m.content["execution_state"] == "idle"
            for m in self.messages[begin:]
        )

    def _send(self, kind: str, comm: str, data: dict[str, Any]) -> None:
        message = self._client.session.msg(kind, {"comm_id": comm, "data": data})
        self._client.shell_channel.send(message)

    def _take(self, seconds: float) -> None:
        channel = self._client.iopub_channel.socket
        if not channel.poll(seconds * 1000):
            return
        frames = channel.recv_multipart()
        _, signed = self._client.session.feed_identities(frames)
        body = self._client.session.deserialize(signed)
        content = body["content"]
        parent = body["parent_header"].get("msg_id", "")
        self.messages.append(Message(time.monotonic(), body["msg_type"], parent, content, sum(map(len, frames))))
        self._follow(body["msg_type"], content)

    def _follow(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "comm_open":
            self.states[content["comm_id"]] = content["data"].get("state", {})
        elif kind == "comm_close":
            self.states.pop(content["comm_id"], None)
        elif kind == "comm_msg" and content["data"].get("method") == "update" and content["comm_id"] in self.states:
            self.states[content["comm_id"]].update(content["data"]["state"])


@contextmanager
def start_kernel(log: Any) -> Iterator[tuple[KernelManager, FrontEnd]]:
    """Start a kernel whose own log goes to the open file `log`; end it if it has not ended."""
    manager = KernelManager(kernel_name="python3")
    # pytest's own mark would have the kernel leave what is written below Python where nobody sees it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    manager.start_kernel(env=environment, stdout=log, stderr=log)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_PATIENCE)
        yield manager, FrontEnd(client)
    finally:
        client.stop_channels()
        if manager.is_alive():
            manager.shutdown_kernel(now=True)
