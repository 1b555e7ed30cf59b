--- HTML as text: what goes into a template is escaped, unless it was made here.
local html = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Text as HTML. Control characters, and those that turn the direction of what
--- follows, are left out; a row's direction follows its text by itself.
function html.escape(text)
  return (tostring(text):gsub("[%z\1-\8\11\12\14-\31\127]", ""):gsub("\226\128[\170-\174]", "")
    :gsub("\226\129[\166-\169]", ""):gsub("[&<>\"']", ENTITIES))
end

--- Fills a template: {name} is escaped, {{name}} is HTML that was made here.
function html.fill(template, values)
  return (template:gsub("{({?)(%w+)}}?", function(raw, name)
    local value = values[name]
    if value == nil then error("no value for " .. name) end
    return raw == "{" and value or html.escape(value)
  end))
end

--- A template for each row, one behind the other.
function html.rows(template, rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = html.fill(template, row) end
  return table.concat(list)
end

return html
