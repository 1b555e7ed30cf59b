"""Python's imaplib as a client of the bench (see bench/run.lua)."""

import imaplib
import os
import re
import ssl
import sys

import listing
from actions import ACTIONS, need

imaplib._MAXLINE = 100_000_000


def setting(name):
    return os.environ["BENCH_" + name]


def connect():
    host, port = setting("HOST"), int(setting("PORT"))
    if setting("TLS") == "1":
        conn = imaplib.IMAP4_SSL(host, port, ssl_context=CONTEXT)
    else:
        conn = imaplib.IMAP4(host, port)
    conn.login(setting("USER"), setting("PASSWORD"))
    return conn


def list_messages():
    need(conn.select(MAILBOX, readonly=True))
    data = need(conn.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"))
    rows = listing.messages(data)
    return lambda: (listing.line(row) for row in rows)


class Sampler:
    """Takes a few octets of a message: proof that all came."""

    def __init__(self, content):
        self.line = b"%d %s\n" % (len(content), content[::65521])


def body(uid):
    return need(conn.uid("FETCH", str(uid), "(BODY.PEEK[])"))[0][1]


def download():
    need(conn.select(MAILBOX, readonly=True))
    samples = [Sampler(body(uid)).line for uid in range(1, COUNT + 1)]
    return lambda: samples


def sample(content):
    middle = len(content) // 2
    return b"%d %s\n" % (len(content), content[middle : middle + 16])


def small():
    need(conn.select(MAILBOX, readonly=True))
    samples = [sample(body(uid)) for uid in range(1, COUNT + 1)]
    return lambda: samples


def append():
    for message in MESSAGES:
        need(conn.append(MAILBOX, None, None, message))
    return list


def append_file():
    for _ in range(COUNT):
        with open(setting("BIG"), "rb") as file:
            need(conn.append(MAILBOX, None, None, file.read()))
    return list


def search():
    need(conn.select(MAILBOX, readonly=True))
    found = []
    for n in range(COUNT):
        data = need(conn.uid("SEARCH", "FROM", f"person{n}@host{n % 40}.example.org"))
        found.append([int(uid) for uid in data[0].split()])
    return lambda: (" ".join(map(str, uids)) + "\n" for uids in found)


def flags():
    need(conn.select(MAILBOX))
    for uid in range(1, COUNT + 1):
        need(conn.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Flagged)"))
    need(conn.uid("STORE", "1:*", "+FLAGS.SILENT", r"(\Seen)"))
    return list


def connecting():
    for _ in range(COUNT):
        connect().logout()
    return list


STATUS = re.compile(rb".* \(MESSAGES (\d+) UIDNEXT (\d+) UIDVALIDITY (\d+) UNSEEN (\d+)\)$")


def mailboxes():
    rows = []
    for row in need(conn.list()):
        name = row.rsplit(b" ", 1)[1].decode()
        data = need(conn.status(name, "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)"))
        messages, uid_next, uid_validity, unseen = map(int, STATUS.match(data[0]).groups())
        rows.append(f"{name}\t{messages}\t{unseen}\t{uid_next}\t{uid_validity}\n")
    return lambda: sorted(rows)


def acting(action):
    """One of the twelve actions, which delivers nothing."""
    def act():
        action(conn, MAILBOX)
        return list

    return act


def read_messages():
    """What to append: see bench/fill.lua."""
    with open(setting("MESSAGES"), "rb") as file:
        return [file.read(int(file.readline())) for _ in range(COUNT)]


WORK = {
    "listing": list_messages, "download": download, "small": small, "append": append, "append-file": append_file,
    "search": search, "flags": flags, "connect": connecting, "mailboxes": mailboxes,
    **{name: acting(action) for name, action in ACTIONS.items()},
}
WORKLOAD = setting("WORKLOAD")
MAILBOX, COUNT = setting("MAILBOX"), int(setting("COUNT"))
CONTEXT = ssl.create_default_context(cafile=setting("CA"))
MESSAGES = read_messages() if WORKLOAD == "append" else None

conn = None if WORKLOAD == "connect" else connect()
print("ready", flush=True)
sys.stdin.readline()
tell = WORK[WORKLOAD]()
print("done", flush=True)
sys.stdin.readline()
for line in tell():
    sys.stdout.buffer.write(line if isinstance(line, bytes) else line.encode())
sys.stdout.buffer.flush()
if conn:
    conn.logout()
