--- Renders docs/reference.md from the LuaLS annotations in lua/imapconn/types.lua
--- and lua/imapconn/types/.
--- usage: lua tools/docs.lua   (in the top folder; a spec loads it as a module)

local docs = {}

local function read_lines(path)
  local lines = {}
  for line in assert(io.open(path)):lines() do lines[#lines + 1] = line end
  return lines
end

local function shell(line)
  local pipe = assert(io.popen(line))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

function docs.version()
  return shell("ls imapconn-*.rockspec"):match("imapconn%-([%d.]+)%-%d+%.rockspec")
end

-- --- Reading: annotations become items -------------------------------------------

-- Where a type that begins at `at` ends: at a blank outside of all brackets,
-- but for the one behind "):" and those behind commas of several results.
local function type_end(text, at)
  local depth, position = 0, at
  while position <= #text do
    local char = text:sub(position, position)
    if char:find("[(<{]") then depth = depth + 1 end
    if char:find("[)>}]") then depth = depth - 1 end
    if char == " " and depth == 0 and not text:sub(at, position - 1):find("%):$")
      and text:sub(position - 1, position - 1) ~= "," then
      return position - 1
    end
    position = position + 1
  end
  return #text
end

local function split_type(text)
  local last = type_end(text, 1)
  return text:sub(1, last), (text:sub(last + 1):gsub("^%s+", ""))
end

local function read_field(text)
  local name, optional, rest = text:match("^([%w_]+)(%??)%s+(.*)$")
  local type, description = split_type(rest)
  return { name = name, optional = optional == "?", type = type, text = description }
end

local function new_block()
  return { text = {}, fields = {}, params = {}, returns = {}, values = {} }
end

local tags = {}

function tags.class(block, text)
  block.class, block.parent = text:match("^([%w_.]+):?%s*([%w_.]*)")
end

function tags.field(block, text)
  table.insert(block.fields, read_field(text))
end

function tags.alias(block, text)
  block.alias, block.type = text:match("^([%w_.]+)%s*(.*)$")
end

function tags.param(block, text)
  table.insert(block.params, read_field(text))
end

-- The word behind the type is the result's name.
tags["return"] = function(block, text)
  local type, description = split_type(text)
  table.insert(block.returns, { type = type, text = (description:gsub("^[%w_]+%s*", "")) })
end

function tags.meta(block, text)
  block.meta = text
end

-- A line of annotation, without its "---".
local function read_annotation(block, line, place)
  local tag, rest = line:match("^@(%w+)%s*(.*)$")
  local value, meaning = line:match('^| (".-")%s*#?%s*(.*)$')
  if tag then
    assert(tags[tag], place .. ": unknown annotation @" .. tag)(block, rest)
  elseif value then
    table.insert(block.values, { value = value, text = meaning })
  else
    table.insert(block.text, line)
  end
end

-- Gives the block that ended at `line` to the sections.
local function finish(sections, block, line)
  block.prose = table.concat(block.text, " ")
  if block.meta then sections[#sections].title = block.meta end
  block.signature = line:match("^function ([%w_.:]+%b())")
  if block.signature then
    block.owner, block.name = block.signature:match("^([%w_]+)[.:]([%w_]+)")
  end
  if block.class or block.alias or block.signature then
    table.insert(sections[#sections].items, block)
  end
end

--- The sections of the annotations: { title, items }, an item being a class, an
--- alias or a function.
function docs.read()
  local sections = {}
  local paths = "lua/imapconn/types.lua\n" .. shell("ls lua/imapconn/types/*.lua 2>/dev/null")
  for path in paths:gmatch("[^\n]+") do
    table.insert(sections, { items = {} })
    local block
    for number, line in ipairs(read_lines(path)) do
      local title, annotation = line:match("^%-%- %-%-%- (.-) %-+$"), line:match("^%-%-%-(.*)$")
      if title then
        table.insert(sections, { title = title, items = {} })
      elseif annotation then
        block = block or new_block()
        read_annotation(block, annotation, path .. ":" .. number)
      elseif block then
        finish(sections, block, line)
        block = nil
      end
    end
    if block then finish(sections, block, "") end
  end
  return sections
end

--- All items by their full name; functions as "Connection:close".
function docs.index(sections)
  local index = {}
  for _, section in ipairs(sections) do
    for _, item in ipairs(section.items) do
      index[item.class or item.alias or item.owner .. ":" .. item.name] = item
    end
  end
  return index
end

--- The fields of a class, those of its parents first.
function docs.fields(index, class)
  local fields = {}
  local parent = index[class].parent
  if parent ~= "" then fields = docs.fields(index, parent) end
  for _, field in ipairs(index[class].fields) do fields[#fields + 1] = field end
  return fields
end

-- --- Rendering ---------------------------------------------------------------------

local function short(name)
  return (name:gsub("^imapconn%.", ""))
end

local function escape(text)
  return (text:gsub("[|<>*]", "\\%0"))
end

-- A heading's anchor, as GitHub makes it.
local function anchor(heading)
  return (heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-"))
end

-- A type with links to what it names.
local function linked(type)
  if not type:find("imapconn%.") then return "`" .. type:gsub("|", "\\|") .. "`" end
  return (escape(type):gsub("imapconn%.([%w_]+)", function(name)
    return ("[%s](#%s)"):format(name, anchor("imapconn." .. name))
  end))
end

local function cell(text)
  return (text:gsub("|", "\\|"))
end

local Page = {}
Page.__index = Page

function Page:add(format, ...)
  self[#self + 1] = select("#", ...) > 0 and format:format(...) or format
end

function Page:fields_of(fields)
  self:add("| name | type | meaning |")
  self:add("| --- | --- | --- |")
  for _, field in ipairs(fields) do
    self:add("| `%s%s` | %s | %s |", field.name, field.optional and "?" or "", linked(field.type), cell(field.text))
  end
  self:add("")
end

function Page:paragraph(text)
  if text ~= "" then
    self:add("%s", text)
    self:add("")
  end
end

function Page:class(item)
  self.done[item.class] = true
  self:add("### %s", item.class)
  self:add("")
  self:paragraph(item.prose)
  local fields = docs.fields(self.index, item.class)
  if self.mentioned[item.parent] then
    self:paragraph(("All of %s, and:"):format(linked(item.parent)))
    fields = item.fields
  end
  if #fields > 0 then self:fields_of(fields) end
end

function Page:alias(item)
  self.done[item.alias] = true
  self:add("### %s", item.alias)
  self:add("")
  self:paragraph(item.prose)
  if #item.values == 0 then
    self:paragraph("Type: " .. linked(item.type))
  elseif item.values[1].text == "" then
    local names = {}
    for i, value in ipairs(item.values) do names[i] = "`" .. value.value .. "`" end
    self:paragraph("One of " .. table.concat(names, ", ") .. ".")
  else
    self:add("| value | meaning |")
    self:add("| --- | --- |")
    for _, value in ipairs(item.values) do self:add("| `%s` | %s |", value.value, cell(value.text)) end
    self:add("")
  end
end

-- The class that a parameter or result is made of, where it is just data and
-- was not shown yet.
function Page:companion(declared)
  local name = declared and declared.type:match("^imapconn%.[%w_]+")
  local item = name and self.index[name]
  if item and item.class and not self.done[name] and not self.has_methods[short(name)] then return item end
end

local function returned(item)
  local first = item.returns[1]
  local text = linked((first.type:gsub("%?$", "")))
  if #item.returns == 3 then text = text .. ", or `nil, message, err`" end
  return text .. "." .. (first.text ~= "" and " " .. first.text or "")
end

-- Where functions are found that belong to no object, by their owner.
local MODULES = { core = "imapconn.core", nginx = "imapconn.nginx", poll = "imapconn.wait.poll" }

local function heading(item)
  return (item.signature:gsub("^Connection:", "conn:"):gsub("^%w+%f[.]", MODULES))
end

function Page:fn(item)
  self:add("### %s", heading(item))
  self:add("")
  self:paragraph(item.prose)
  for _, param in ipairs(item.params) do
    self:paragraph(("`%s`%s: %s%s"):format(param.name, param.optional and ", optional" or "", linked(param.type),
      param.text ~= "" and ". " .. param.text or ""))
  end
  if #item.returns > 0 then self:paragraph("Returns " .. returned(item)) end
  local takes, gives = self:companion(item.params[1]), self:companion(item.returns[1])
  if takes then self:class(takes) end
  if gives then self:class(gives) end
end

-- What has methods first; then functions, each with what it takes and gives;
-- then what is left.
function Page:section(section)
  self:add("## %s", section.title)
  self:add("")
  for _, item in ipairs(section.items) do
    if item.class and self.has_methods[short(item.class)] then self:object(item) end
  end
  for _, item in ipairs(section.items) do
    if item.signature then self:fn(item) end
  end
  for _, item in ipairs(section.items) do
    local known = self.done[item.class or item.alias] or self.merged[item.class]
    if item.class and not known then self:class(item) end
    if item.alias and not known then self:alias(item) end
  end
end

-- A class with methods is what its section is about.
function Page:object(item)
  self.done[item.class] = true
  if short(item.class) == "Connection" then self:class(item) else self:paragraph(item.prose) end
  if #item.fields > 0 and item.class == "imapconn" then self:fields_of(item.fields) end
end

function Page:contents(sections)
  for _, section in ipairs(sections) do
    local links = {}
    for _, item in ipairs(section.items) do
      if item.signature then
        links[#links + 1] = ("[%s](#%s)"):format(item.name, anchor(heading(item)))
      end
    end
    local line = ("- [%s](#%s)"):format(section.title, anchor(section.title))
    self:add("%s", #links > 0 and line .. ": " .. table.concat(links, ", ") or line)
  end
  self:add("")
end

-- Parents that nothing else mentions are shown within their children only.
local function survey(page)
  for _, item in pairs(page.index) do
    if item.signature then page.has_methods[item.owner] = true end
    for _, list in ipairs { item.fields, item.params, item.returns, { { type = item.type or "" } } } do
      for _, entry in ipairs(list) do
        for name in entry.type:gmatch("imapconn%.[%w_]+") do page.mentioned[name] = true end
      end
    end
  end
  for _, item in pairs(page.index) do
    if item.parent and item.parent ~= "" and not page.mentioned[item.parent] then page.merged[item.parent] = true end
  end
end

--- The text of docs/reference.md.
function docs.render()
  local sections = docs.read()
  local page = setmetatable({
    index = docs.index(sections), done = {}, has_methods = {}, mentioned = {}, merged = {},
  }, Page)
  survey(page)
  page:add("# The reference of imapconn %s", docs.version())
  page:add("")
  page:paragraph("Rendered by `make docs` from the annotations in `lua/imapconn/types.lua`, which LuaLS reads too. "
    .. "A name with `?` may be left out of an input, and may be nil in a result.")
  page:contents(sections)
  for _, section in ipairs(sections) do page:section(section) end
  while page[#page] == "" do page[#page] = nil end
  return table.concat(page, "\n") .. "\n"
end

if arg and arg[0] and arg[0]:find("docs%.lua$") then
  local text = docs.render()
  os.execute("mkdir -p docs")
  local file = assert(io.open("docs/reference.md", "w"))
  assert(file:write(text))
  assert(file:close())
end

return docs
