--- Shell lines and files, for the specs that run programs.
local shell = {}

function shell.quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- All that a line prints, and its exit status.
function shell.run(line)
  local pipe = assert(io.popen("{ " .. line .. "\n} 2>&1; echo $?"))
  local said, status = pipe:read("*a"):match("^(.-)(%d+)\n$")
  pipe:close()
  return said, tonumber(status)
end

--- All that a line prints, which must succeed.
function shell.capture(line)
  local said, status = shell.run(line)
  assert(status == 0, said)
  return said
end

--- A folder for temporary files, which `remove` takes away with all in it.
function shell.new_folder()
  return (shell.capture("mktemp -d -t imapconn.XXXXXX"):match("^[^\n]+"))
end

function shell.remove(folder)
  shell.capture("rm -r " .. shell.quote(folder))
end

function shell.read_file(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

function shell.write_file(path, content)
  local file = assert(io.open(path, "wb"))
  assert(file:write(content))
  assert(file:close())
end

--- An account as variables in front of a command; `prefix` before their names.
function shell.account(account, prefix)
  local words = {}
  for _, name in ipairs { "host", "port", "username", "password", "ca_file" } do
    words[#words + 1] = ("%sIMAP_%s=%s"):format(prefix or "", name:upper(), shell.quote(account[name]))
  end
  return table.concat(words, " ") .. " "
end

return shell
