-- SECURITY.md says what is true: its limits are those of csrc/protocol/limits.h.

local function text_of(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

describe("SECURITY.md", function()
  it("has each limit with its default", function()
    local defaults, told = {}, {}
    local body = text_of("csrc/protocol/limits.h"):match("IMAP_LIMITS_DEFAULT(.-)%}%)")
    for name, value in body:gmatch("%.(%w+) = ([^,\n\\]+)") do
      local number, shift = value:match("(%d+) << (%d+)")
      defaults[name] = number and tonumber(number) * 2 ^ tonumber(shift) or tonumber(value:match("%d+"))
    end
    for name, value in text_of("SECURITY.md"):gmatch("| `(%w+)` | (%d+) |") do told[name] = tonumber(value) end
    assert.is_not_nil(told.literal)
    assert.are.same(defaults, told)
  end)
end)
