--- Connections over nginx's cosockets, and what is to be known of a message's parts.
local mail, server = {}, nil

--- Which IMAP server to ask: the options of `connect` that are not the user's.
function mail.setup(options)
  server = options
end

--- Connects as a user: a connection, or nil, message, err.
function mail.connect(username, password)
  return require "imapconn.nginx".connect {
    host = server.host, port = server.port, server_name = server.server_name,
    username = username, password = password, connect_timeout = 10, timeout = 30,
  }
end

--- Leaves a connection to this user's next request. (One that cannot be kept is
--- closed, which is as good.)
function mail.keep(conn)
  conn:keepalive(60, 4)
end

--- One message with its structure; nil, message, err where it is not there.
function mail.message(conn, place)
  local rows, text, err = conn:search_messages {
    mailbox = place.box, uids = place.uid, uid_validity = place.validity,
    fields = { "uid", "flags", "envelope", "body_structure", "internal_date" },
  }
  if not rows then return nil, text, err end
  if not rows[1] then return nil, "This message is not there any more.", { code = "not_found" } end
  return rows[1]
end

--- All parts that hold something, in their order.
function mail.leaves(node, list)
  list = list or {}
  if not node.type:find "^multipart/" then
    list[#list + 1] = node
  else
    for _, child in ipairs(node.parts or {}) do mail.leaves(child, list) end
  end
  return list
end

--- The first part of a type that is meant to be read, not saved.
function mail.readable(node, media_type)
  for _, leaf in ipairs(mail.leaves(node)) do
    if leaf.type == media_type and leaf.disposition ~= "attachment" then return leaf end
  end
end

--- The node of a part by its number.
function mail.part(node, number)
  for _, leaf in ipairs(mail.leaves(node)) do
    if leaf.part == number then return leaf end
  end
end

return mail
