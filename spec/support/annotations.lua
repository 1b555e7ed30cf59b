--- Holds values against the annotations in lua/imapconn/types.lua, and notes
--- which fields were seen.
---
---   local checker = annotations.checker()
---   checker:check(value, "imapconn.Message[]", "what it is")   -- or an error

local docs = dofile("tools/docs.lua")

local annotations = { docs = docs }

local Checker = {}
Checker.__index = Checker

function annotations.checker()
  return setmetatable({ index = docs.index(docs.read()), seen = {}, problems = {} }, Checker)
end

-- The members of a union; bars within brackets belong to those.
local function members(type)
  local found, depth, from = {}, 0, 1
  for at = 1, #type do
    local char = type:sub(at, at)
    if char:find("[(<]") then depth = depth + 1 end
    if char:find("[)>]") then depth = depth - 1 end
    if char == "|" and depth == 0 then
      found[#found + 1] = type:sub(from, at - 1)
      from = at + 1
    end
  end
  found[#found + 1] = type:sub(from)
  return found
end

local plain = {
  any = function() return true end,
  string = function(value) return type(value) == "string" end,
  number = function(value) return type(value) == "number" end,
  integer = function(value) return type(value) == "number" and value == math.floor(value) end,
  boolean = function(value) return type(value) == "boolean" end,
  table = function(value) return type(value) == "table" end,
  ["true"] = function(value) return value == true end,
  ["false"] = function(value) return value == false end,
}

local function problem(checker, place, wanted, value)
  table.insert(checker.problems, ("%s is %s, not %s"):format(place, tostring(value), wanted))
  return false
end

-- A field of a class is one of its parents, too.
function Checker:see(class, name)
  while class ~= "" do
    self.seen[class .. "." .. name] = true
    class = self.index[class].parent
  end
end

function Checker:class(value, name, place)
  if type(value) ~= "table" then return problem(self, place, name, value) end
  local known, good = {}, true
  for _, field in ipairs(docs.fields(self.index, name)) do
    known[field.name] = true
    local held = value[field.name]
    local here = place .. "." .. field.name
    if held ~= nil then
      self:see(name, field.name)
      good = self:holds(held, field.type, here) and good
    elseif not field.optional then
      good = problem(self, here, field.type, nil)
    end
  end
  for key in pairs(value) do
    if not known[key] then good = problem(self, place .. "." .. tostring(key), "annotated", value[key]) end
  end
  return good
end

function Checker:array(value, element, place)
  if type(value) ~= "table" then return problem(self, place, element .. "[]", value) end
  local good, count = true, 0
  for _ in pairs(value) do count = count + 1 end
  if count ~= #value then return problem(self, place, "an array", value) end
  for i, held in ipairs(value) do good = self:holds(held, element, place .. "[" .. i .. "]") and good end
  return good
end

function Checker:map(value, keys, values, place)
  if type(value) ~= "table" then return problem(self, place, "a table", value) end
  local good = true
  for key, held in pairs(value) do
    good = self:holds(key, keys, place .. "'s key") and good
    good = self:holds(held, values, place .. "." .. tostring(key)) and good
  end
  return good
end

-- One of several: problems are noted only if none fits.
function Checker:either(value, types, place)
  local before = #self.problems
  for _, one in ipairs(types) do
    if self:holds(value, one, place) then
      for i = #self.problems, before + 1, -1 do self.problems[i] = nil end
      return true
    end
  end
  return false
end

function Checker:alias(value, item, place)
  if #item.values == 0 then return self:holds(value, item.type, place) end
  for _, one in ipairs(item.values) do
    if one.value == ('"%s"'):format(tostring(value)) then return true end
  end
  return problem(self, place, item.alias, value)
end

function Checker:holds(value, wanted, place)
  local types = members(wanted)
  if #types > 1 then return self:either(value, types, place) end
  if wanted:sub(-1) == "?" then return value == nil or self:holds(value, wanted:sub(1, -2), place) end
  if wanted:sub(-2) == "[]" then return self:array(value, wanted:sub(1, -3), place) end
  local keys, values = wanted:match("^table<([^,]*),%s*(.*)>$")
  if keys then return self:map(value, keys, values, place) end
  local item = self.index[wanted]
  if item then
    if item.class then return self:class(value, wanted, place) end
    return self:alias(value, item, place)
  end
  if wanted:find('^"') then return value == wanted:sub(2, -2) or problem(self, place, wanted, value) end
  assert(plain[wanted], "a type that annotations.lua does not know: " .. wanted)
  return plain[wanted](value) or problem(self, place, wanted, value)
end

--- Raises what is wrong with a value; answers the value.
function Checker:check(value, wanted, place)
  self.problems = {}
  if not self:holds(value, wanted, place) then error(table.concat(self.problems, "\n"), 2) end
  return value
end

--- The fields of the classes that results are made of, as "class.field".
function Checker:fields_of_results()
  local classes, names = {}, {}
  local function visit(text)
    for name in text:gmatch("imapconn%.[%w_]+") do
      local item = self.index[name]
      if item and item.class and not classes[name] then
        classes[name] = true
        visit(item.parent)
        for _, field in ipairs(item.fields) do
          names[#names + 1] = name .. "." .. field.name
          visit(field.type)
        end
      end
    end
  end
  for _, item in pairs(self.index) do
    for _, result in ipairs(item.returns) do visit(result.type) end
  end
  table.sort(names)
  return names
end

return annotations
