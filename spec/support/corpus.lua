--- The corpus of recorded replies: what it holds, and a result as one text.
--
-- corpus.folder is nil where there is none ($CORPUS is not set, or is empty).
-- corpus.cases() is an array of { name, source, verdict, expected }: name is
-- "source/file" without ".txt", expected the path of what net-imap reads.

local corpus = {}

-- How many files there were when this was written, to be named where none are.
corpus.RESPONSES = 752

local function open(path, mode)
  return corpus.folder and io.open(corpus.folder .. "/" .. path, mode)
end

function corpus.read(path)
  local file = assert(open(path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

function corpus.bytes(case)
  return corpus.read("responses/" .. case.name .. ".txt")
end

function corpus.cases()
  local cases = {}
  for line in corpus.read("INDEX.tsv"):gmatch "[^\n]+" do
    local fields = {}
    for field in (line .. "\t"):gmatch "([^\t]*)\t" do fields[#fields + 1] = field end
    local name = fields[1]:match "^responses/(.*)%.txt$"
    if name then
      cases[#cases + 1] = { name = name, source = fields[4], verdict = fields[7],
        expected = fields[8] ~= "" and fields[8] or nil }
    end
  end
  return cases
end

local function by_name(a, b)
  if type(a) == type(b) then return a < b end
  return type(a) == "number"
end

--- Any result as text: the same for the same, whatever the order of keys.
function corpus.dump(value)
  if type(value) ~= "table" then return ("%q"):format(tostring(value)) .. type(value) end
  local keys, words = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, by_name)
  for i, key in ipairs(keys) do words[i] = tostring(key) .. "=" .. corpus.dump(value[key]) end
  return "{" .. table.concat(words, ", ") .. "}"
end

--- A body structure in one line: "text/plain 7bit 28 2", parts in brackets.
function corpus.outline(node)
  local words, parts = { node.part, node.type }, {}
  for _, field in ipairs { "encoding", "size", "lines", "disposition", "filename" } do
    words[#words + 1] = node[field] and tostring(node[field])
  end
  for i, part in ipairs(node.parts or {}) do parts[i] = corpus.outline(part) end
  if node.parts then words[#words + 1] = "[" .. table.concat(parts, ", ") .. "]" end
  return table.concat(words, " ")
end

local folder = os.getenv "CORPUS"
corpus.folder = folder ~= "" and folder or nil
local index = open("INDEX.tsv", "rb")
if index then index:close() else corpus.folder = nil end

return corpus
