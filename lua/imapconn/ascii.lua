--- Upper and lower case in ASCII alone, as IMAP has it. string.upper follows the
--- locale that the host has set: in Turkish the capital of i is no I.
local ascii = {}

local uppers, lowers = {}, {}
for byte = ("A"):byte(), ("Z"):byte() do
  local upper, lower = string.char(byte), string.char(byte + 32)
  uppers[lower], lowers[upper] = upper, lower
end

function ascii.upper(text) return (text:gsub("[a-z]", uppers)) end

function ascii.lower(text) return (text:gsub("[A-Z]", lowers)) end

return ascii
