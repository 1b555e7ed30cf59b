--- Parts of a message: their names (RFC 9051 6.4.5.1, section), the node of
--- BODYSTRUCTURE that one belongs to, and what its octets are when decoded.
local core = require "imapconn.core"
local check = require "imapconn.check"

local part = {}

local SUFFIXES = { HEADER = true, TEXT = true, MIME = true }

--- Reads a part's name: { section, path, suffix }, or nil. `path` is "" for the
--- message itself.
function part.parse(text)
  if type(text) ~= "string" or #text > 1000 then return nil end
  local path, suffix = text:match("^([%d.]*)(%a*)$")
  if not path then return nil end
  suffix = core.upper(suffix)
  if suffix ~= "" then
    if not SUFFIXES[suffix] or path == "" and suffix == "MIME" then return nil end
    if path ~= "" and path:sub(-1) ~= "." then return nil end
    path = path:gsub("%.$", "")
  elseif path == "" then
    return nil
  end
  if path:find("^%.") or path:find("%.%.") or path:find("%.$") then return nil end
  for digits in path:gmatch("%d+") do
    if digits:find("^0") or not check.integer(tonumber(digits), 1, 4294967295) then return nil end
  end
  return { section = core.upper(text), path = path, suffix = suffix }
end

local function find(node, path)
  if node.part == path then return node end
  for _, child in ipairs(node.parts or {}) do
    local found = find(child, path)
    if found then return found end
  end
end

--- The node of the tree `root` that a part belongs to, and the one whose
--- content its octets are (nil for headers); nil where there is no such part.
function part.node(root, name)
  local node = name.path == "" and root or find(root, name.path)
  if not node then return nil end
  if name.suffix == "" then return node, node end
  if name.suffix == "TEXT" or name.suffix == "HEADER" then
    local inner = name.path == "" and root
      or node.type == "message/rfc822" and node.parts and node.parts[1]
    if not inner then return nil end
    return node, name.suffix == "TEXT" and inner or nil
  end
  return node, nil
end

--- What a result says about a part.
function part.describe(result, node)
  result.content_type = node.type
  result.charset = node.params and node.params.charset
  result.encoding = node.encoding
  result.disposition = node.disposition
  result.filename = node.filename
end

--- A decoder for the octets of a node: to UTF-8, where it is text.
function part.decoder(node)
  local charset
  if node.type:find("^text/") then charset = node.params and node.params.charset or "" end
  return core.decoder(node.parts and "" or node.encoding or "", charset)
end

return part
