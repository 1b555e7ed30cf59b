---@meta imapconn.core
-- What of the C module is for everybody; the rest is for lua/imapconn alone.
-- luacheck: ignore 212 241 631

---@class imapconn.core
local core = {}

---Reads what a server said, without a connection: a tool for tests and diagnosis. Fails with `limit`, `protocol`, or
---`closed` where the bytes end inside a response.
---@param bytes string Whole responses, each with its CRLF.
---@param options? imapconn.ParseOptions
---@return imapconn.Response[]? responses
---@return string? message
---@return imapconn.Error? err
function core.parse(bytes, options) end

---@class imapconn.ParseOptions
---@field limits? imapconn.Limits As of a connection.
---@field splits? integer[] Offsets, ascending, at which the bytes are cut: each piece is fed by itself. Default: none.

---A response (7).
---@class imapconn.Response
---@field kind "tagged"|"untagged"|"continuation"
---@field tag? string The tag, of a tagged one.
---@field name? string Its name, upper case: `"OK"`, `"FETCH"`, `"LIST"`.
---@field number? integer The number before its name.
---@field code? string The response code's name, as it came.
---@field text? string The text for people.
---@field data? any[] Its arguments as they are: strings, tables for lists, false for NIL.
---@field message? imapconn.Message Of a FETCH: the message, with its body sections by name in `sections`.

return core
