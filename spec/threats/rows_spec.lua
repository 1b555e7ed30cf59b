-- Every row of the threats has a spec here that bears its number, or a reason.
local rows = require "spec.threats.rows"

local function shell(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- The rows that the names of specs begin with.
local function covered()
  local found = {}
  for row in shell("cat spec/threats/*_spec.lua"):gmatch('it%(["\'](%u%d+): ') do found[row] = true end
  return found
end

describe("the threats", function()
  local found = covered()

  it("have each a spec or a reason, and not both", function()
    local specs, reasons, total = 0, 0, 0
    for section, count in pairs(rows.sections) do
      for number = 1, count do
        local row = section .. number
        local reason = rows.explained[row]
        total = total + 1
        assert(found[row] or reason, row .. " has neither a spec nor an explanation")
        assert(not (found[row] and reason), row .. " has a spec, and needs no explanation")
        if reason then
          reasons = reasons + 1
          assert.are.equal(2, #reason, row)
        else
          specs = specs + 1
        end
      end
    end
    print(("threats: %d of %d rows have specs, %d are explained"):format(specs, total, reasons))
  end)

  it("are no others", function()
    local function known(row)
      local section, number = row:match("^(%u)(%d+)$")
      return tonumber(number) <= (rows.sections[section] or 0)
    end
    for row in pairs(found) do assert(known(row), row) end
    for row in pairs(rows.explained) do assert(known(row), row) end
  end)

  it("are measured by a clock that nobody sets (F12)", function()
    assert.are.equal("", shell("grep -rnE 'CLOCK_REALTIME|gettimeofday|[^_a-z]time\\(' csrc/transport csrc/binding"
      .. " | grep -v '/\\*'"))
    assert.are.equal("", shell("grep -rnE 'os\\.(time|clock)' lua/imapconn | grep -v -- --"))
  end)
end)
