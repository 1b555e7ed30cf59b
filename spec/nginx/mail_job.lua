-- What runs in a worker thread of nginx: it connects, works, and returns plain
-- tables, as nothing else can cross.
local imapconn = require "imapconn"

local mail_job = {}

function mail_job.list(options)
  local conn, message = imapconn.connect(options)
  if not conn then return nil, message end
  local rows, why = conn:list_mailboxes {}
  conn:close()
  return rows, why
end

return mail_job
