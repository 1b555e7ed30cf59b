--- Counts the turns of waiting of each of the twelve actions, as the first call
--- after the login, beside the peers that have most of them.
local clients = require "bench.clients"
local mail = require "bench.mail"

local turns = {}

local CLIENTS = { "imapconn", "imapflow", "imaplib" }
local ACTIONS = { "add_flags", "append_message", "copy_message", "create_mailbox", "delete_message",
  "download_message", "get_mailbox_status", "list_mailboxes", "remove_flags", "rename_mailbox", "search_messages",
  "set_flags" }

-- A mailbox of three messages; one to copy to, and one to rename.
local function prepare(admin, mailbox)
  for _, suffix in ipairs { "", "-to", "-old" } do assert(admin:create_mailbox { path = mailbox .. suffix }) end
  for i = 1, 3 do assert(admin:append_message { path = mailbox, content = mail.message(i) }) end
end

--- A row for each action, `{ action = …, [client] = turns }`; `measure` runs a
--- client, and `clients` of the result names those that are shown.
function turns.count(measure, admin, target)
  local rows = { clients = CLIENTS }
  for i, action in ipairs(ACTIONS) do
    rows[i] = { action = action }
    for _, name in ipairs(CLIENTS) do
      local mailbox = ("Turns-%d-%s"):format(i, name)
      if clients.command(name) then
        prepare(admin, mailbox)
        rows[i][name] = measure({ does = action, mailbox = mailbox, count = 1 }, target, name).turns
      end
    end
  end
  return rows
end

return turns
