"""Python's imaplib as a client of the bench (see bench/run.lua)."""

import imaplib
import os
import ssl
import sys

import listing

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


def need(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def list_messages():
    need(conn.select(MAILBOX, readonly=True))
    data = need(conn.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"))
    rows = listing.messages(data)
    return lambda: (listing.line(row) for row in rows)


WORK = {"listing": list_messages}
MAILBOX, COUNT = setting("MAILBOX"), int(setting("COUNT"))
CONTEXT = ssl.create_default_context(cafile=setting("CA"))

conn = connect()
print("ready", flush=True)
sys.stdin.readline()
tell = WORK[setting("WORKLOAD")]()
print("done", flush=True)
sys.stdin.readline()
sys.stdout.writelines(tell())
conn.logout()
