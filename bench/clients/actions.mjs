// Each of the twelve actions once, as a user of imapflow does it, in as few calls as will do.
const byUid = { uid: true };

const flagging = (method) => async (client, mailbox) => {
  await client.mailboxOpen(mailbox);
  await client[method]("1:2", ["\\Flagged"], byUid);
};

export const actions = {
  add_flags: flagging("messageFlagsAdd"),
  remove_flags: flagging("messageFlagsRemove"),
  set_flags: flagging("messageFlagsSet"),
  append_message: (client, mailbox) => client.append(mailbox, "Subject: one more\r\n\r\ntext\r\n"),
  async copy_message(client, mailbox) {
    await client.mailboxOpen(mailbox, { readOnly: true });
    await client.messageCopy("1:2", mailbox + "-to", byUid);
  },
  create_mailbox: (client, mailbox) => client.mailboxCreate(mailbox + "-new"),
  async delete_message(client, mailbox) {
    await client.mailboxOpen(mailbox);
    await client.messageDelete("3", byUid);
  },
  async download_message(client, mailbox) {
    await client.mailboxOpen(mailbox, { readOnly: true });
    await client.fetchOne("1", { source: true }, byUid);
  },
  get_mailbox_status: (client, mailbox) => client.status(mailbox, { messages: true, unseen: true }),
  list_mailboxes: (client) => client.list(),
  rename_mailbox: (client, mailbox) => client.mailboxRename(mailbox + "-old", mailbox + "-renamed"),
  async search_messages(client, mailbox) {
    await client.mailboxOpen(mailbox, { readOnly: true });
    const uids = await client.search({ from: "example.org" }, byUid);
    await client.fetchAll(uids, { flags: true, envelope: true }, byUid);
  },
};
