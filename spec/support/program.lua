--- Runs a program and looks at its last line: for specs that are written in C.
local program = { build = assert(os.getenv("IMAPCONN_BUILD")) }

--- The last line that `command` prints is like `pattern`.
function program.ends(command, pattern)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local said, last = pipe:read("*a"), ""
  pipe:close()
  for line in said:gmatch("[^\n]+") do last = line end
  assert(last:find(pattern), said)
end

return program
