"""Each of the twelve actions once, as a user of imaplib does it, in as few commands as will do."""

FLAGGED = r"(\Flagged)"


def need(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def storing(item):
    def store(conn, mailbox):
        need(conn.select(mailbox))
        need(conn.uid("STORE", "1:2", item, FLAGGED))

    return store


def append(conn, mailbox):
    need(conn.append(mailbox, None, None, b"Subject: one more\r\n\r\ntext\r\n"))


def copy(conn, mailbox):
    need(conn.select(mailbox, readonly=True))
    need(conn.uid("COPY", "1:2", mailbox + "-to"))


def create(conn, mailbox):
    need(conn.create(mailbox + "-new"))
    need(conn.subscribe(mailbox + "-new"))


def delete(conn, mailbox):
    need(conn.select(mailbox))
    need(conn.uid("STORE", "3", "+FLAGS.SILENT", r"(\Deleted)"))
    need(conn.uid("EXPUNGE", "3"))


def download(conn, mailbox):
    need(conn.select(mailbox, readonly=True))
    need(conn.uid("FETCH", "1", "(BODY.PEEK[])"))


def search(conn, mailbox):
    need(conn.select(mailbox, readonly=True))
    uids = need(conn.uid("SEARCH", "FROM", "example.org"))[0]
    need(conn.uid("FETCH", uids.decode().replace(" ", ","), "(UID FLAGS ENVELOPE)"))


ACTIONS = {
    "add_flags": storing("+FLAGS"), "remove_flags": storing("-FLAGS"), "set_flags": storing("FLAGS"),
    "append_message": append, "copy_message": copy, "create_mailbox": create, "delete_message": delete,
    "download_message": download, "search_messages": search,
    "get_mailbox_status": lambda conn, mailbox: need(conn.status(mailbox, "(MESSAGES UNSEEN)")),
    "list_mailboxes": lambda conn, _: need(conn.list()),
    "rename_mailbox": lambda conn, mailbox: need(conn.rename(mailbox + "-old", mailbox + "-renamed")),
}
