"""The mail reader in a browser: it shows, searches and flags, and a message with a
script does nothing. tools/demo-web.sh runs it, and sets WEB_URL and IMAP_PORT."""
import http.server
import imaplib
import os
import ssl
import threading
import time
import unittest
import urllib.parse
import urllib.request

from chromium import Chromium

URL = os.environ["WEB_URL"]
PICTURES = os.path.join(os.environ["IMAPCONN_BUILD"], "web")


class Beacon(http.server.BaseHTTPRequestHandler):
    """Notes whoever asks it for anything; /open is the hostile HTML, unprotected."""
    hits = []

    def do_GET(self):
        page = hostile("").encode() if self.path == "/open" else b""
        self.hits.append(self.path)
        self.send_response(200 if page else 204)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


def hostile(beacon):
    """HTML that tries to be noticed in each way that it has."""
    return f"""<p id=shown>Harmless words</p>
<script>document.title = "taken"; try {{ top.document.title = "taken" }} catch (e) {{}}
new Image().src = "{beacon}/script"</script>
<img src="{beacon}/image"><img src=x onerror="new Image().src='{beacon}/error'">
<link rel=stylesheet href="{beacon}/style"><iframe src="{beacon}/frame"></iframe>
<style>body {{ background: url({beacon}/background) }}</style>
<meta http-equiv=refresh content="0;url={beacon}/refresh">"""


def store(subject, kind, body):
    account = imaplib.IMAP4_SSL(os.environ["IMAP_HOST"], int(os.environ["IMAP_PORT"]),
                                ssl_context=ssl.create_default_context(cafile=os.environ["IMAP_CA_FILE"]))
    account.login(os.environ["IMAP_USERNAME"], os.environ["IMAP_PASSWORD"])
    text = f"From: Mallory <mallory@example.org>\r\nTo: ann@example.org\r\nSubject: {subject}\r\n" \
           f"MIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}"
    account.append("INBOX", None, None, text.encode())
    account.logout()


def wait_for(condition, seconds=10):
    """True as soon as the condition holds; False where it has not by then."""
    till = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > till:
            return False
        time.sleep(0.05)
    return True


class Reader(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.makedirs(PICTURES, exist_ok=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Beacon)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.beacon = f"http://127.0.0.1:{server.server_port}"
        store("A script <script>document.title='taken'</script>", "text/html", hostile(cls.beacon))
        cls.page = cls.enterClassContext(Chromium())
        cls.page.screen(1200, 800)
        cls.log_in("wrong")
        assert "is wrong" in cls.page.evaluate("document.body.innerText")
        cls.page.screenshot(f"{PICTURES}/login.png")
        cls.log_in(os.environ["IMAP_PASSWORD"])

    @classmethod
    def log_in(cls, password):
        cls.page.open(URL + "/login")
        cls.page.evaluate(f"""document.querySelector("[name=username]").value = "ann";
            document.querySelector("[name=password]").value = "{password}" """)
        cls.page.submit("document.querySelector('button')")

    def subjects(self):
        return self.page.evaluate("[...document.querySelectorAll('.subject')].map(e => e.textContent)")

    def follow(self, subject):
        self.page.submit(f"[...document.querySelectorAll('.messages li > a')].find("
                         f"a => a.textContent.includes({subject!r}))")

    def test_lists_mailboxes_and_messages(self):
        self.page.open(URL + "/")
        self.assertIn("Grüße aus Köln, mit Foto", self.subjects())
        self.assertIn("Work/2023/Été", self.page.evaluate("document.querySelector('nav').innerText"))
        self.page.screenshot(f"{PICTURES}/list.png")
        self.page.screen(390, 800)
        self.assertLessEqual(self.page.evaluate("document.documentElement.scrollWidth"), 390)
        self.page.screenshot(f"{PICTURES}/narrow.png")
        self.page.screen(1200, 800)

    def test_searches(self):
        self.page.open(URL + "/box?box=INBOX")
        self.page.evaluate("document.querySelector('[name=q]').value = 'déplacée'")
        self.page.submit("document.querySelector('.search button')")
        self.assertEqual(["Réunion déplacée à jeudi"], self.subjects())
        self.page.screenshot(f"{PICTURES}/search.png")

    def test_flags_by_a_click_and_not_without_the_token(self):
        self.page.open(URL + "/")
        star = "document.querySelector('.messages li:last-child .star')"
        before = self.page.evaluate(star + ".classList.contains('on')")
        self.page.submit(star)
        self.assertNotEqual(before, self.page.evaluate(star + ".classList.contains('on')"))
        self.page.evaluate(star + ".form.token.value = 'guessed'")
        self.page.submit(star)
        self.assertIn("comes from elsewhere", self.page.evaluate("document.body.innerText"))
        self.page.open(URL + "/")
        self.assertNotEqual(before, self.page.evaluate(star + ".classList.contains('on')"))

    def test_shows_a_message_and_its_attachment(self):
        self.page.open(URL + "/")
        self.follow("Köln")
        self.assertIn("der Rhein bei Nacht", self.page.evaluate("document.querySelector('.text').textContent"))
        self.page.screenshot(f"{PICTURES}/message.png")
        link = self.page.evaluate("document.querySelector('.parts li:last-child a').href")
        cookies = self.page.call("Network.getCookies")["cookies"]
        self.assertTrue(cookies[0]["httpOnly"] and cookies[0]["sameSite"] == "Strict")
        request = urllib.request.Request(link, headers={"Cookie": "session=" + cookies[0]["value"]})
        with urllib.request.urlopen(request) as answer:
            self.assertEqual("nosniff", answer.headers["X-Content-Type-Options"])
            self.assertEqual("attachment; filename*=UTF-8''" + urllib.parse.quote("Köln bei Nacht.bmp"),
                             answer.headers["Content-Disposition"])
            self.assertEqual(54 + 120 * 80 * 3, len(answer.read()))

    def test_a_message_with_a_script_does_nothing(self):
        Beacon.hits.clear()
        self.page.open(URL + "/")
        self.follow("A script")
        self.assertIn("<script>", self.page.evaluate("document.querySelector('h1').textContent"))
        time.sleep(1)  # for what must not come there is nothing to wait for
        self.page.screenshot(f"{PICTURES}/script.png")
        self.assertNotEqual("taken", self.page.evaluate("document.title"))
        frame = self.page.evaluate("document.querySelector('iframe').src")
        self.page.open(frame)
        self.assertEqual("Harmless words", self.page.evaluate("document.querySelector('#shown').textContent"))
        self.assertNotEqual("taken", self.page.evaluate("document.title"))
        self.assertEqual([], Beacon.hits)

    def test_the_same_message_unprotected_would_be_noticed(self):
        Beacon.hits.clear()
        self.page.open(self.beacon + "/open")
        self.assertEqual("taken", self.page.evaluate("document.title"))
        for way in ("script", "image", "error", "style", "frame", "background", "refresh"):
            with self.subTest(way):
                self.assertTrue(wait_for(lambda: "/" + way in Beacon.hits), way)


if __name__ == "__main__":
    unittest.main()
