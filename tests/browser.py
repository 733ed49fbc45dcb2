"""A real browser for tests: Chromium, driven over a pipe by the DevTools protocol.

It has no network: whatever it asks for besides the file that a test opens is refused and noted.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What Debian, Fedora, Google and macOS call it.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-default-apps", "--disable-quic", "--mute-audio",
    "--remote-debugging-pipe", "--proxy-server=127.0.0.1:9",
)  # fmt: skip
_PATIENCE = 60  # seconds for one answer


def find_browser() -> str | None:
    """Chromium on the PATH, None if there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Browser:
    """A page in a browser that was started for it."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._left, self._last = b"", 0
        self._session = ""
        self.requests: list[str] = []  # addresses that the page asked for
        self.complaints: list[str] = []  # what the console said, uncaught errors among it
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Network.emulateNetworkConditions",
            offline=True, latency=0, downloadThroughput=0, uploadThroughput=0,
        )  # fmt: skip

    def call(self, method: str, **words: Any) -> Any:  # noqa: ANN401 - whatever is answered
        """Send one command, and return its answer."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": words}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def open(self, address: str) -> None:
        """Open a page and wait until it has loaded."""
        self.call("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page says
        """Value of an expression in the page; a promise is waited for."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        end = time.monotonic() + _PATIENCE
        while not self.ask(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def look(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Choose the size of the window, and whether it is dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def press(self, key: str) -> None:
        """Press and release a key."""
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=" " if key == "Space" else key, code=key,
                windowsVirtualKeyCode={"Tab": 9, "Enter": 13, "Space": 32}[key],
                **({"text": text} if kind == "keyDown" and text else {}),
            )  # fmt: skip

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Save what is seen as PNG, or the whole page."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **(
            {"clip": {**self._size(), "scale": 1}} if whole else {}
        ))  # fmt: skip
        path.write_bytes(base64.b64decode(found["data"]))

    def printed(self, path: Path) -> None:
        """Save the page as it is printed, as PDF."""
        found = self.call("Page.printToPDF", preferCSSPageSize=True, paperWidth=8.27,
                          paperHeight=11.69)  # fmt: skip
        path.write_bytes(base64.b64decode(found["data"]))

    def _size(self) -> dict[str, float]:
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {name: size[name] for name in ("x", "y", "width", "height")}

    def _next(self) -> dict[str, Any]:
        """The next message of the browser; what it tells unasked is noted."""
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._answers], [], [], max(0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            read = os.read(self._answers, 1 << 20)
            assert read, "the browser has gone"
            self._left += read
        one, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(one)
        told = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(told["args"]))
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])
        return message


@contextlib.contextmanager
def browsing(program: str, folder: Path) -> Iterator[Browser]:
    """Start the browser with nothing of the user's, and end it."""
    to_read, commands = os.pipe()
    answers, to_write = os.pipe()

    def adopt() -> None:
        # The protocol is spoken over descriptors 3 and 4; the ends may have these very numbers.
        copies = os.dup(to_read), os.dup(to_write)
        for descriptor, copy in zip((3, 4), copies, strict=True):
            os.dup2(copy, descriptor)

    process = subprocess.Popen(
        [program, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
        env=os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=adopt, close_fds=False, start_new_session=True,
    )  # fmt: skip
    os.close(to_read)
    os.close(to_write)
    try:
        browser = Browser(commands, answers)
        yield browser
        with contextlib.suppress(AssertionError, OSError):
            browser.call("Browser.close")
    finally:
        os.close(commands)
        os.close(answers)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
