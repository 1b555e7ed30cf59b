"""Headless Chromium, driven by the DevTools protocol over its WebSocket."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

import websocket


class Chromium:
    """One browser with one page; `with Chromium() as page:` ends it again."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="imapconn-chromium.")
        sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", *sandbox, "--remote-debugging-port=0", "--remote-allow-origins=*",
             "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
             "--user-data-dir=" + self.folder, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.attach(self.address())
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.end()

    def end(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self):
        """Where it listens, which it writes into a file once it does."""
        path = os.path.join(self.folder, "DevToolsActivePort")
        for _ in range(600):
            if os.path.exists(path):
                with open(path, encoding="ascii") as file:
                    lines = file.read().split()
                if len(lines) == 2:
                    return "ws://127.0.0.1:{}{}".format(*lines)
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("chromium does not start")

    def attach(self, address):
        self.count, self.session = 0, None
        self.socket = websocket.create_connection(address, timeout=60)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def receive(self):
        return json.loads(self.socket.recv())

    def call(self, method, **params):
        """Calls a method of the protocol, and answers its result."""
        self.count += 1
        request = {"id": self.count, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        self.socket.send(json.dumps(request))
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def loaded(self):
        """Waits until the page, with its frames, has been loaded."""
        while self.receive().get("method") != "Page.loadEventFired":
            pass

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.loaded()

    def evaluate(self, expression):
        """The value of an expression in the page, asked from outside of it."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def submit(self, expression):
        """Clicks what the expression finds, and waits for the next page."""
        self.evaluate(f"setTimeout(() => ({expression}).click(), 0), 0")
        self.loaded()

    def screen(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
