--- Draws one workload as an SVG: a panel of horizontal bars for each measure,
--- legible on light and on dark pages.
local plot = {}

local LABELS, PANEL, GAP, ROW, BAR, TOP, VALUE = 178, 150, 16, 24, 14, 62, 46

local STYLE = [[
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 14px; font-weight: 600 }
  .head { fill: #57606a }
  rect.ours { fill: #0969da } rect.peer { fill: #8c959f } rect.floor { fill: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .head { fill: #9198a1 }
    rect.ours { fill: #4493f8 } rect.peer { fill: #656c76 } rect.floor { fill: #3d444d }
  }
  text.ours { font-weight: 600 }
</style>]]

local function escape(text) return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" })) end

local function kind(name) return name:find "^imapconn" and "ours" or name:find "^floor" and "floor" or "peer" end

-- One bar with its value behind it.
local function bar(x, y, name, value, most)
  local width = math.max((PANEL - VALUE) * value / most, 1)
  return ('<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>\n<text x="%.1f" y="%d">%s</text>'):format(
    kind(name), x, y, width, BAR, x + width + 5, y + BAR - 3, value < 0.0995 and ("%.3f"):format(value)
    or value < 9.95 and ("%.2f"):format(value) or ("%.0f"):format(value))
end

local function panels(result)
  local list = {
    { title = "CPU, s", samples = result.near, field = "cpu" },
    { title = "wall, s", samples = result.near, field = "wall" },
    { title = "peak memory, MB", samples = result.near, field = "peak" },
  }
  if result.far then
    list[4] = { title = ("wall at 50 ms, s (%d)"):format(result.far_count), samples = result.far, field = "wall" }
  end
  return list
end

local function draw_panel(panel, names, x, median, add)
  local most = 0
  for _, name in ipairs(names) do most = math.max(most, median(panel.samples[name], panel.field)) end
  add(('<text class="head" x="%d" y="%d">%s</text>'):format(x, TOP - 12, panel.title))
  for i, name in ipairs(names) do
    add(bar(x, TOP + (i - 1) * ROW, name, median(panel.samples[name], panel.field), most))
  end
end

--- The plot of a workload's result, as text.
function plot.draw(result, median)
  local names, lines = {}, {}
  local function add(line) lines[#lines + 1] = line end
  for _, name in ipairs(result.workload.clients) do
    if result.near[name] then names[#names + 1] = name end
  end
  local list = panels(result)
  local width, height = LABELS + #list * (PANEL + GAP), TOP + #names * ROW + 6
  add(('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">'):format(
    width, height, width, height))
  add(("<title>%s</title>"):format(escape(result.workload.title)))
  add(STYLE)
  add(('<text class="title" x="0" y="18">%s</text>'):format(escape(result.workload.title)))
  for i, name in ipairs(names) do
    add(('<text class="%s" x="0" y="%d">%s</text>'):format(kind(name), TOP + (i - 1) * ROW + BAR - 3,
      escape(name)))
  end
  for i, panel in ipairs(list) do draw_panel(panel, names, LABELS + (i - 1) * (PANEL + GAP), median, add) end
  add "</svg>"
  return table.concat(lines, "\n") .. "\n"
end

return plot
