"""What goes between a page and its kernels, read from the page's websockets."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

_NUMBER = 8  # bytes
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the Jupyter protocol, as it came."""

    at: float
    channel: str
    kind: str
    content: dict[str, Any]
    size: int


class Traffic:
    """Every message that kernels send to a page; watch before the page opens its notebook."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.messages: list[Message] = []
        self._opened: set[str] = set()
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def wait_for(self, condition: Callable[[Message], bool]) -> None:
        """Wait until a message came for which the condition holds."""
        until = time.monotonic() + _PATIENCE
        while not any(map(condition, self.messages)):
            assert time.monotonic() < until, "it did not come"
            self._page.wait_for_timeout(100)

    def list_comms(self) -> list[Message]:
        """Give what widgets sent: their openings, updates, custom messages and ends."""
        return [message for message in self.messages if message.kind.startswith("comm_")]

    def list_complaints(self) -> list[str]:
        """Give what went wrong in the kernel, or was written to its stderr."""
        errors = [f"{m.content['ename']}: {m.content['evalue']}" for m in self.messages if m.kind == "error"]
        streams = [m.content for m in self.messages if m.kind == "stream"]
        written = [content["text"] for content in streams if content["name"] == "stderr"]
        return errors + [text for text in written if not self._is_greeting(text)]

    def _is_greeting(self, text: str) -> bool:
        """Whether a kernel says only that it does not know ipywidgets yet, whose page asks each kernel for widgets."""
        comm = re.fullmatch(r"No such comm: (\S+)\n", text)
        stranger = comm is not None and comm[1] not in self._opened
        return stranger or text == "No such comm target registered: jupyter.widget.control\n"

    def _take(self, frame: bytes | str) -> None:
        message = read_frame(frame)
        if message is not None:
            self.messages.append(message)
        if message is not None and message.kind == "comm_open":
            self._opened.add(message.content["comm_id"])


def read_frame(frame: bytes | str) -> Message | None:
    """Read a frame of ``v1.kernel.websocket.jupyter.org``, or of the older protocol of JSON; None if it is neither."""
    at = time.monotonic()
    if isinstance(frame, str):
        body = json.loads(frame)
        if not isinstance(body, dict) or "header" not in body:
            return None
        return Message(at, body.get("channel", ""), body["header"]["msg_type"], body["content"], len(frame))
    count = int.from_bytes(frame[:_NUMBER], "little")
    offsets = [int.from_bytes(frame[_NUMBER * (i + 1) : _NUMBER * (i + 2)], "little") for i in range(count)]
    parts = [frame[start:end] for start, end in pairwise(offsets)]
    channel, header, _, _, content = parts[:5]
    return Message(at, channel.decode(), json.loads(header)["msg_type"], json.loads(content), len(frame))
