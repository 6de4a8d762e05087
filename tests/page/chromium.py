"""Chromium without a window, spoken to over a pair of pipes (Chrome DevTools Protocol): nothing but Python is needed."""
import base64
import itertools
import json
import os
import shutil
import subprocess
import threading

FLAGS = """--headless=new --remote-debugging-pipe --ignore-certificate-errors --no-proxy-server --no-first-run
    --no-default-browser-check --disable-background-networking --disable-component-update --disable-sync
    --disable-default-apps --disable-extensions --disable-dev-shm-usage --disable-gpu --mute-audio --lang=en-US""".split()


class Trouble(Exception):
    """The browser refused, or did not answer in time."""


class Chromium:
    def __init__(self, folder):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not program:
            raise SystemExit("FAIL chromium is not installed\n0 passed, 1 failed")
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        flags = FLAGS + [f"--user-data-dir={folder}/profile"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
        # the protocol's pipes have to be 3 and 4
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", program, *flags, "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"})  # else it cannot open a file with a Chinese name
        os.close(theirs_in)
        os.close(theirs_out)
        self._ids, self._answers, self._events = itertools.count(1), {}, []
        self._news = threading.Condition()
        self._gone = False
        threading.Thread(target=self._listen, daemon=True).start()
        self.agent = self.call("Browser.getVersion")["userAgent"]

    def _listen(self):
        with os.fdopen(self._in, "rb") as stream:
            rest = b""
            while piece := stream.read1(1 << 16):
                *whole, rest = (rest + piece).split(b"\0")
                with self._news:
                    for text in whole:
                        message = json.loads(text)
                        if "id" in message:
                            self._answers[message["id"]] = message
                        else:
                            self._events.append((message.get("sessionId"), message["method"], message["params"]))
                    self._news.notify_all()
        with self._news:
            self._gone = True
            self._news.notify_all()

    def call(self, method, session=None, **params):
        number = next(self._ids)
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        with self._news:
            if not self._news.wait_for(lambda: number in self._answers or self._gone, 60) or number not in self._answers:
                raise Trouble(f"no answer to {method}")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise Trouble(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def events(self, session, method):
        with self._news:
            return [params for s, m, params in self._events if s == session and m == method]

    def wait(self, session, method, seconds):
        with self._news:
            found = lambda: next((p for s, m, p in self._events if s == session and m == method), None)  # noqa: E731
            self._news.wait_for(found, seconds)
            return found()

    def tab(self):
        return Tab(self)

    def close(self):
        try:
            self.call("Browser.close")
            self._process.wait(10)
        except (Trouble, OSError, subprocess.TimeoutExpired):
            self.kill()

    def kill(self):
        self._process.kill()
        self._process.wait()


class Tab:
    """With a profile of its own. Called with a method's name and its parameters."""

    def __init__(self, browser):
        self._browser = browser
        self._profile = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self._profile)["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self(f"{domain}.enable")

    def __call__(self, method, **params):
        return self._browser.call(method, self._session, **params)

    def evaluate(self, expression):
        answer = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Trouble(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def events(self, method):
        return self._browser.events(self._session, method)

    def wait(self, method, seconds):
        return self._browser.wait(self._session, method, seconds)

    def screenshot(self, path, width, height):
        """What lies below the fold, too."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        picture = self("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._profile)
