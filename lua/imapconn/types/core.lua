---@meta imapconn.core
-- What of the C module is for everybody; the rest is for lua/imapconn alone.
-- luacheck: ignore 212 241 631

---@class imapconn.core
local core = {}

---Reads what a server said, without a connection: a tool for tests and diagnosis. Fails with `limit`, `protocol`,
---`closed` where the bytes end inside a response, or `invalid_argument`.
---@param bytes string Whole responses, each with its CRLF.
---@param options? imapconn.ParseOptions
---@return imapconn.Response[]? responses
---@return string? message
---@return imapconn.Error? err
function core.parse(bytes, options) end

---@class imapconn.ParseOptions
---@field limits? imapconn.Limits As of a connection.
---@field splits? integer[] Offsets, ascending, at which the bytes are cut: each piece is fed by itself. Default: none.

---A response (7), as far as it goes.
---@class imapconn.Response
---@field kind "tagged"|"untagged"|"continuation"
---@field tag? string The tag, of a tagged one.
---@field name? string Its first word, upper case: `"OK"`, `"FETCH"`, `"LIST"`.
---@field number? integer Of `* 3 FETCH` and its like.
---@field code? string The response code as sent; its arguments are in `data`.
---@field argument? any Of codes that have a shape: a number for UIDNEXT, UIDVALIDITY, UNSEEN and HIGHESTMODSEQ; a set of names for PERMANENTFLAGS and CAPABILITY; text for MODIFIED, MAILBOXID and REFERRAL; `{ uid_validity, uids }` for APPENDUID, `{ uid_validity, from, to }` for COPYUID.
---@field text? string The text for people.
---@field data? any[] Its arguments as they are: strings, arrays for lists, false for NIL.
---@field message? imapconn.ParsedMessage Of FETCH.
---@field mailbox? imapconn.MailboxRow Of LIST, LSUB and XLIST.
---@field status? imapconn.Status Of STATUS.
---@field raw_path? string Of STATUS: the mailbox, as on the wire.
---@field numbers? integer[] Of SEARCH and SORT.
---@field modseq? imapconn.Number64 Of SEARCH, where the server gives it.
---@field search? table Of ESEARCH: `{ tag, uid, min, max, count, all, partial, modseq }`; `all` and `partial` are sets as sent.
---@field capabilities? table<string, true> Of CAPABILITY and ENABLED.
---@field flags? imapconn.Flags Of FLAGS.
---@field vanished? table Of VANISHED: `{ earlier, uids }`.

---The message of a FETCH row, with what was fetched of its body.
---@class imapconn.ParsedMessage: imapconn.Message
---@field sections? table<string, string> The body sections, by name: `["BODY[1]"]`.

return core
