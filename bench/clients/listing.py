"""Parses what imaplib leaves unparsed of a FETCH: lists, strings and literals."""

import email.header
import email.utils
import functools
import re

TOKEN = re.compile(rb'\(|\)|"((?:[^"\\]|\\.)*)"|([^\s()"]+)|\s+')
ESCAPED = re.compile(rb"\\(.)")


class Tokens:
    """The tokens of one row, which imaplib gives in pieces where it has literals."""

    def __init__(self, pieces):
        self.items = []
        for piece in pieces:
            if isinstance(piece, tuple):
                self.line(piece[0][: piece[0].rindex(b"{")])
                self.items.append(piece[1])
            else:
                self.line(piece)

    def line(self, text):
        add = self.items.append
        for match in TOKEN.finditer(text):
            kind = match.lastindex
            if kind == 1:
                add(ESCAPED.sub(rb"\1", match[1]))
            elif kind == 2:
                add(None if match[2] == b"NIL" else match[2])
            elif match[0] in b"()":
                add(match[0].decode())

    def tree(self):
        stack = [[]]
        for item in self.items:
            if item == "(":
                stack.append([])
            elif item == ")":
                done = stack.pop()
                stack[-1].append(done)
            else:
                stack[-1].append(item)
        return stack[0]


def text(value):
    return "" if value is None else value.decode("utf-8", "replace")


def decoded(value):
    if value is None:
        return ""
    if b"=?" not in value:
        return text(value)
    return str(email.header.make_header(email.header.decode_header(text(value))))


def addresses(rows):
    return ", ".join(f"{decoded(name)} <{text(box)}@{text(host)}>" for name, _, box, host in rows or ())


def params(pairs):
    pairs = pairs or ()
    return ",".join(sorted(f"{text(k).lower()}={decoded(v)}" for k, v in zip(pairs[::2], pairs[1::2])))


class Structure:
    """A node of BODYSTRUCTURE."""

    def __init__(self, node):
        self.parts = []
        while node and isinstance(node[0], list):
            self.parts.append(Structure(node.pop(0)))
        if self.parts:
            self.type = "multipart/" + text(node[0]).lower()
            self.params = params(node[1])
            return
        self.type = f"{text(node[0])}/{text(node[1])}".lower()
        self.params, self.encoding = params(node[2]), text(node[5]).lower()
        self.size = int(node[6])
        is_text = self.type.startswith("text/")
        self.lines = text(node[7]) if is_text else ""
        disposition = node[9 if is_text else 8] or (None, None)
        self.disposition, self.disposition_params = text(disposition[0]).lower(), params(disposition[1])

    def __str__(self):
        if self.parts:
            return f"({''.join(map(str, self.parts))}){self.type};{self.params}"
        return (f"({self.type};{self.params};{self.encoding};{self.size};{self.lines};"
                f"{self.disposition};{self.disposition_params})")


@functools.lru_cache(maxsize=4096)
def epoch(value):
    return int(email.utils.parsedate_to_datetime(text(value).replace("-", " ").strip()).timestamp())


def message(pieces):
    """One message as a dictionary."""
    row = Tokens(pieces).tree()[1]
    found = dict(zip((text(key) for key in row[::2]), row[1::2]))
    mail = found["ENVELOPE"]
    return {
        "uid": int(found["UID"]), "flags": {text(flag) for flag in found["FLAGS"]},
        "internal_date": epoch(found["INTERNALDATE"]), "size": int(found["RFC822.SIZE"]),
        "date": epoch(mail[0]), "subject": decoded(mail[1]),
        "people": [addresses(rows) for rows in mail[2:8]],
        "in_reply_to": text(mail[8]), "message_id": text(mail[9]),
        "structure": Structure(found["BODYSTRUCTURE"]),
    }


def line(mail):
    """The listing of one message, as bench/clients/delivered.lua has it."""
    flags = " ".join(sorted(mail["flags"] - {"\\Recent"}))
    return "\t".join([str(mail["uid"]), flags, str(mail["internal_date"]), str(mail["size"]),
                      str(mail["date"]), mail["subject"], *mail["people"], mail["in_reply_to"],
                      mail["message_id"], str(mail["structure"])]) + "\n"


def messages(data):
    """What imaplib gives of a FETCH: rows, of which some are in several pieces."""
    result, pieces = [], []
    for piece in data:
        pieces.append(piece)
        if not isinstance(piece, tuple):
            result.append(message(pieces))
            pieces = []
    return result
