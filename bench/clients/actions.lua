--- Each of the twelve actions once, as imapconn does it: `actions[name](conn, mailbox)`.
local mail = require "bench.mail"

local actions = {}

for _, name in ipairs { "add_flags", "remove_flags", "set_flags" } do
  actions[name] = function(conn, mailbox)
    return conn[name](conn, { mailbox = mailbox, uids = "1:2", flags = { "\\Flagged" } })
  end
end

function actions.append_message(conn, mailbox)
  return conn:append_message { mailbox = mailbox, content = mail.message(1) }
end

function actions.copy_message(conn, mailbox)
  return conn:copy_message { mailbox = mailbox, uids = "1:2", new_path = mailbox .. "-to" }
end

function actions.create_mailbox(conn, mailbox) return conn:create_mailbox { path = mailbox .. "-new" } end
function actions.delete_message(conn, mailbox) return conn:delete_message { mailbox = mailbox, uid = 3 } end
function actions.download_message(conn, mailbox) return conn:download_message { mailbox = mailbox, uid = 1 } end
function actions.get_mailbox_status(conn, mailbox) return conn:get_mailbox_status { mailbox = mailbox } end
function actions.list_mailboxes(conn) return conn:list_mailboxes() end

function actions.rename_mailbox(conn, mailbox)
  return conn:rename_mailbox { path = mailbox .. "-old", new_path = mailbox .. "-renamed" }
end

function actions.search_messages(conn, mailbox)
  return conn:search_messages { mailbox = mailbox, from = "example.org", fields = { "uid", "flags", "envelope" } }
end

return actions
