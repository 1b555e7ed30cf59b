---@meta imapconn
-- What imapconn offers, for LuaLS and for docs/reference.md, which is rendered
-- from here: nothing in this file runs. Sections name RFC 9051 where no other
-- RFC is named. A field without "?" is always there.
-- luacheck: ignore 212 241 631

---An IMAP client. Nothing in it throws: a function that can fail returns its value, or `nil, message, err`.
---@class imapconn
---@field _VERSION string The version of the library, like `"0.1.0"`.
local imapconn = {}

---Connects to a server and logs in, within `connect_timeout` seconds. Fails with `invalid_argument`, `unsupported`,
---`resolve`, `connect`, `tls`, `auth`, `timeout`, `closed`, `protocol`, `limit` or `callback`; then nothing stays open.
---@param options imapconn.Options
---@return imapconn.Connection? connection
---@return string? message
---@return imapconn.Error? err
function imapconn.connect(options) end

-- --- Connecting -----------------------------------------------------------------

---The options of `imapconn.connect`. They are read raw (no metamethod runs), and an unknown one is `invalid_argument`.
---@class imapconn.Options
---@field host string The host's name or address; `/`, `@`, `?`, `#` and blanks are `invalid_argument`.
---@field port? integer The port, 1 to 65535. Default: 993, or 143 where `secure` is not `true`.
---@field secure? true|"starttls"|false `true`: TLS from the first byte (RFC 8314). `"starttls"`: plaintext, then a mandatory upgrade (6.2.1). `false`: no TLS. Default: `true`.
---@field username? string The user's name or address, in UTF-8. Required, but for the mechanisms EXTERNAL and ANONYMOUS.
---@field password? string The password, in UTF-8. Required where `secure` is on, but for a token, a client certificate, or a mechanism without one. Without any, only a PREAUTH greeting logs in.
---@field access_token? string An OAuth 2.0 bearer token, for OAUTHBEARER (RFC 7628) or XOAUTH2, as the server offers.
---@field auth? string The SASL mechanism to insist on: `"PLAIN"`, `"LOGIN"`, `"CRAM-MD5"`, `"SCRAM-SHA-1"`, `"SCRAM-SHA-256"`, `"XOAUTH2"`, `"OAUTHBEARER"`, `"EXTERNAL"` or `"ANONYMOUS"`; in the clear, PLAIN, LOGIN and tokens are sent only when named here. Default: the first that the server offers of SCRAM-SHA-256, SCRAM-SHA-1, then under TLS PLAIN, LOGIN, CRAM-MD5, and in the clear CRAM-MD5.
---@field min_tls_version? "TLSv1.0"|"TLSv1.1"|"TLSv1.2"|"TLSv1.3" The lowest version accepted. Default: `"TLSv1.1"`, of which Mbed TLS offers 1.2 and up.
---@field max_tls_version? "TLSv1.0"|"TLSv1.1"|"TLSv1.2"|"TLSv1.3" The highest version offered; one that the TLS backend cannot offer is `unsupported`. Default: `"TLSv1.3"`.
---@field min_dh_size? integer The smallest finite-field Diffie-Hellman group accepted, in bits. Default: 1024.
---@field verify? boolean Whether the server's certificate and name are checked. Default: `true`.
---@field server_name? string The name to verify and to send as SNI. Default: `host`.
---@field ca_file? string Trust anchors, the path of a PEM file; a missing or empty one is `invalid_argument`. Default: the system's bundle, searched for at run time.
---@field ca_path? string Trust anchors, the path of a folder of PEM files.
---@field client_cert? string The client's certificate, the path of a PEM file.
---@field client_key? string The client's private key, the path of a PEM file. Default: it is in `client_cert`.
---@field client_key_password? string The password of the private key.
---@field pinned_public_key? string `sha256//BASE64` of the server's public key; another one is `tls`.
---@field proxy? string A proxy's URL as libcurl takes it: `socks5h://host:1080`, `http://host:3128`. Default: none; the environment is not asked.
---@field connect_timeout? number Seconds from the call to a logged-in connection; `math.huge` for no limit. Default: 30.
---@field timeout? number Seconds without a byte in either direction, within one call; `math.huge` for no limit. Default: 300.
---@field call_timeout? number Seconds for one call as a whole, however steadily the server drips; `math.huge` for no limit. Default: 3600.
---@field limits? imapconn.Limits How much a server may send. Default: see there.
---@field compress? boolean COMPRESS=DEFLATE (RFC 4978) after login, in both directions; `unsupported` where the server lacks it. Default: `false`.
---@field trace? imapconn.Trace A function that is told each line of the protocol. Default: none.
---@field wait? imapconn.Wait A function that waits for the connection, for event loops. Default: the thread blocks.
---@field transport? imapconn.Transport Another byte stream. Default: libcurl.

---Ceilings for what a server sends; past one the call is `limit`, and the connection closed.
---@class imapconn.Limits
---@field line? integer Octets of one line. Default: 33554432.
---@field literal? integer Octets of one literal held in memory; those that go to a `sink` do not count. Default: 268435456.
---@field response? integer Octets of one response; those that go to a `sink` do not count. Default: 536870912.
---@field nesting? integer Lists within each other, at most 1000. Default: 100.
---@field nodes? integer Items of one response. Default: 4000000.
---@field messages? integer Rows of one result. Default: 1000000.

---Is told each line of the protocol, without CRLF. Literals appear as `{n}`; credentials and the content of messages
---are left out. An error, `false [, message]` or `nil, message` is `callback`; the call is carried out all the same.
---@alias imapconn.Trace fun(direction: "C"|"S", line: string): boolean?, string?

---Returns `true` when `fd` is readable, or early; `nil, "timeout"` after `seconds` (at most 600). Anything else is
---`callback`, and the connection closed. It may yield; `fd` is the same for the life of a connection, and is readable
---when `seconds` are over too, so that no timer is needed. An error raised in it is `callback` too, but on PUC Lua 5.1,
---where it is raised from the call, with the connection closed. There are `require "imapconn.wait.cqueues"`
---([cqueues](cqueues.md)), `imapconn.wait.luv` ([luv](luv.md)), `imapconn.wait.copas` ([Copas](copas.md)) and
---`poll.wait` of [imapconn.wait.poll](#imapconnwaitpoll).
---@alias imapconn.Wait fun(fd: integer, seconds: number): true?, string?

-- --- The connection ----------------------------------------------------------------

---A logged-in connection. One call at a time holds it: another one meanwhile, from a callback or another coroutine, is
---`busy`. After `fork`, calls in the child answer `closed`. With `<close>` (Lua 5.4) it says LOGOUT as far as that does
---not block; the collector only closes the socket.
---@class imapconn.Connection
local Connection = {}

---What the connection is, also after it was closed.
---@return imapconn.Info
function Connection:info() end

---Whether calls can still succeed.
---@return boolean
function Connection:is_open() end

---Says LOGOUT (6.1.3), waits at most two seconds for the answer, and closes the connection. Never fails and never
---answers `busy`: a call that it interrupts answers `closed`.
---@return true
function Connection:close() end

---Gives the connection back to its pool, where its transport has one (`imapconn.nginx`, else `unsupported`): leaves the
---mailbox first (UNSELECT, RFC 3691; else EXAMINE and CLOSE, 6.4.1). A connection that is compressed or not quiet, or that the
---pool does not take, is closed instead, and the answer is `closed`. Afterwards calls answer `closed`.
---@param seconds? number How long it may lie there, above 0. Default: the transport's.
---@param size? integer How many the pool holds, from 1 on. Default: the transport's.
---@return true? kept
---@return string? message
---@return imapconn.Error? err
function Connection:keepalive(seconds, size) end

---Sends many actions without waiting for each other. `record` gets an object with the twelve actions as methods; each
---call is checked, recorded, and answers its index, and nothing is sent before `record` returns. One refusal does not
---stop the others. Fails as a whole with `callback` (`record` raised: nothing was sent), `busy` or `closed`.
---@param record fun(b: imapconn.Batch)
---@return imapconn.BatchResult[]? results In the order of the calls.
---@return string? message
---@return imapconn.Error? err
function Connection:batch(record) end

---@class imapconn.Info
---@field host string The option `host`.
---@field port integer The port.
---@field secure true|"starttls"|false The option `secure`.
---@field tls? imapconn.TLS What was negotiated; nil on plaintext.
---@field auth? string The mechanism that logged in, or `"LOGIN"`; `"PREAUTH"` where the greeting did. One from a pool says how it logged in at first.
---@field capabilities table<string, true> What the server offers, upper case but for IMAP4rev1 and IMAP4rev2: `capabilities.IDLE` (6.1.1).
---@field greeting? string The text of the server's greeting; nil where STARTTLS made it unbelievable, and of a connection from a pool.

---@class imapconn.TLS
---@field version? string Like `"TLSv1.3"`; nil over cosockets, which do not tell.
---@field cipher? string The cipher suite; nil over cosockets.
---@field backend string The TLS library, with its version; `"nginx"` over cosockets.
---@field resumed? boolean Whether an earlier session was resumed; nil over cosockets.

---Records actions: each answers its index in the results, where a mistake in its inputs shows too.
---@class imapconn.Batch
---@field add_flags fun(b: imapconn.Batch, inputs: imapconn.FlagInputs): integer
---@field remove_flags fun(b: imapconn.Batch, inputs: imapconn.FlagInputs): integer
---@field set_flags fun(b: imapconn.Batch, inputs: imapconn.FlagInputs): integer
---@field append_message fun(b: imapconn.Batch, inputs: imapconn.AppendInputs): integer
---@field copy_message fun(b: imapconn.Batch, inputs: imapconn.CopyInputs): integer
---@field create_mailbox fun(b: imapconn.Batch, inputs: imapconn.CreateInputs): integer
---@field delete_message fun(b: imapconn.Batch, inputs: imapconn.DeleteInputs): integer
---@field download_message fun(b: imapconn.Batch, inputs: imapconn.DownloadInputs): integer
---@field get_mailbox_status fun(b: imapconn.Batch, inputs: imapconn.StatusInputs): integer
---@field list_mailboxes fun(b: imapconn.Batch, inputs?: imapconn.ListInputs): integer
---@field rename_mailbox fun(b: imapconn.Batch, inputs: imapconn.RenameInputs): integer
---@field search_messages fun(b: imapconn.Batch, inputs: imapconn.SearchInputs): integer

---@class imapconn.BatchResult
---@field value? table What the action would have returned.
---@field message? string Or why it failed: `err.message`.
---@field err? imapconn.Error

-- --- Failure -------------------------------------------------------------------------

---Why a call failed. `tostring(err)` is its message. After `timeout`, `closed`, `protocol` and `limit`, and after
---`callback` from `wait` or from an append's source, the connection is closed.
---@class imapconn.Error
---@field code imapconn.ErrorCode
---@field message string What was attempted, on what, and why it failed, in one line; never a secret.
---@field field? string The input at fault, for `invalid_argument` and where an input made it `unsupported`.
---@field command? string The IMAP command that failed, without its arguments: `"UID STORE"`.
---@field response_code? string The server's response code (7.1), upper case: `"TRYCREATE"`, `"OVERQUOTA"`.
---@field response_text? string The server's own words.
---@field outcome? imapconn.Outcome What became of the change.
---@field done? table With the outcome `"partial"`: what was carried out, shaped like the action's result.
---@field retryable boolean Whether the same call may succeed later, and repeating it can do no harm.
---@field cause? any For `callback`: what the caller's function raised or returned.

---@alias imapconn.ErrorCode
---| "invalid_argument" # an input is missing, unknown, of the wrong type or out of range; nothing was sent
---| "resolve" # the host's name has no address
---| "connect" # no connection could be made
---| "tls" # TLS failed: certificate, version, STARTTLS
---| "auth" # the login failed
---| "timeout" # a deadline passed
---| "closed" # the connection ended: by the peer, by BYE, by close, or because an earlier failure made its state unknown
---| "busy" # another call holds the connection; nothing was sent
---| "protocol" # the server sent what IMAP does not allow
---| "limit" # the server sent more than a configured limit
---| "no" # the server refused the command
---| "bad" # the server did not accept the command
---| "not_found" # the message, part or mailbox does not exist
---| "unsupported" # the server, the TLS backend or the host lacks what the call needs; nothing was sent
---| "callback" # a function given by the caller failed

---@alias imapconn.Outcome
---| "not_sent" # nothing was sent, or not to its last octet: the server cannot have carried it out
---| "refused" # the server carried nothing out
---| "unknown" # it was sent, and the answer was lost
---| "partial" # a part was carried out: see `done`

-- --- What actions share ----------------------------------------------------------------

---A mailbox: its name in UTF-8 (INBOX in any case), or a row of `list_mailboxes`, whose `raw_path` then goes on the
---wire, so that a name in broken encoding can be used. More than 4000 octets on the wire are `invalid_argument`.
---@alias imapconn.Mailbox string|imapconn.MailboxRow

---Messages by number: a number, an array of numbers, or a set as in IMAP like `"1:3,7"` or `"1:*"` (sequence-set, 9).
---An empty array sends nothing, and gives an empty result.
---@alias imapconn.Set integer|integer[]|string

---Flags (2.3.2): an array like `{ "\\Seen", "work" }`, or a set as in results. `\Recent` is dropped.
---@alias imapconn.FlagsGiven string[]|table<string, boolean>

---Flags of a result: a set, `flags["\\Seen"] == true`; system flags are spelled as in RFC 9051.
---@alias imapconn.Flags table<string, true>

---A number of 64 bits: where a Lua number cannot hold it exactly (above 2^53 before Lua 5.3), its decimal digits.
---@alias imapconn.Number64 integer|string

---@class imapconn.Messages
---@field mailbox imapconn.Mailbox The mailbox that holds the messages.
---@field range? imapconn.Set The messages by sequence number; this or `uids`. `"*"` is the latest.
---@field uids? imapconn.Set The messages by UID; this or `range`.
---@field uid_validity? integer What UIDVALIDITY must be; otherwise `not_found`, with the response code UIDVALIDITY and nothing changed. It costs a turn. Default: any.

-- --- Flags --------------------------------------------------------------------------------

---@class imapconn.FlagInputs: imapconn.Messages
---@field flags imapconn.FlagsGiven The flags; only for `set_flags` may they be none.
---@field silent? boolean The state afterwards is not asked for. Default: `false`.
---@field unchanged_since? imapconn.Number64 A modseq: messages changed later are left alone (RFC 7162 3.1.3). `unsupported` without CONDSTORE.

---@class imapconn.FlagsResult
---@field path string The mailbox.
---@field messages imapconn.FlagRow[] The state after the change of every message named that exists, changed or not; empty with `silent`.
---@field missing? integer[] The UIDs, named one by one, that do not exist; nil with `silent`.
---@field modified integer[] The UIDs that `unchanged_since` held back.

---@class imapconn.FlagRow
---@field seq integer The sequence number.
---@field uid integer The UID.
---@field flags imapconn.Flags The flags it has.
---@field modseq? imapconn.Number64 The mod-sequence, where the server has CONDSTORE.

---Adds flags to messages (STORE, 6.4.6), in one round trip.
---@param inputs imapconn.FlagInputs
---@return imapconn.FlagsResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:add_flags(inputs) end

---Takes flags from messages (STORE, 6.4.6), in one round trip.
---@param inputs imapconn.FlagInputs
---@return imapconn.FlagsResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:remove_flags(inputs) end

---Gives messages exactly these flags (STORE, 6.4.6), in one round trip.
---@param inputs imapconn.FlagInputs
---@return imapconn.FlagsResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:set_flags(inputs) end

-- --- Messages into and out of mailboxes -------------------------------------------------------

---@class imapconn.AppendInputs
---@field mailbox? imapconn.Mailbox The mailbox that receives the message; this or `path`.
---@field path? imapconn.Mailbox The same. Default: `mailbox`.
---@field content string|file*|imapconn.Source The message: a string; an open file, which is seekable, from where it is to its end (it is not closed); or a source. In strings and files a line that ends in a bare LF is sent with CRLF. With a NUL it needs BINARY (RFC 3516), else it is `invalid_argument`; above APPENDLIMIT (RFC 7889) it is `unsupported`.
---@field flags? imapconn.FlagsGiven The flags that it gets. Default: none.
---@field internal_date? number Its date of arrival, in seconds since 1970. Default: the server's clock.
---@field progress? imapconn.Progress Is told how much was handed over.

---Content that is made as it is sent. What it gives is sent as it is.
---@class imapconn.Source
---@field size integer The octets that there are.
---@field read fun(max: integer): string? The next octets, at most `max` being wanted; nil or `""` at the end. It is asked once more at the end. Other than the announced octets, a NUL, an error, `false [, message]` or `nil, message` is `callback`: the message is not stored, and the connection closed.

---Is told bytes done and bytes in all. An error, `false [, message]` or `nil, message` is `callback`; an append is then
---carried out all the same (the outcome is `"partial"`), a download dropped.
---@alias imapconn.Progress fun(done: integer, total: integer): boolean?, string?

---@class imapconn.AppendResult
---@field path string The mailbox.
---@field uid? integer The message's UID, where the server has UIDPLUS (RFC 4315).
---@field uid_validity? integer The mailbox's UIDVALIDITY, likewise.

---Stores a message in a mailbox (APPEND, 6.3.12), in one round trip where the server has LITERAL+. It is never repeated
---by the library: an outcome that is unknown stays so.
---@param inputs imapconn.AppendInputs
---@return imapconn.AppendResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:append_message(inputs) end

---@class imapconn.CopyInputs: imapconn.Messages
---@field new_path imapconn.Mailbox The mailbox that receives the copies.

---@class imapconn.CopyResult
---@field path string The mailbox copied from.
---@field new_path string The mailbox copied to.
---@field uid_validity? integer UIDVALIDITY of the mailbox copied to, where the server has UIDPLUS.
---@field messages? imapconn.CopyRow[] The copies; nil where the server does not tell.
---@field missing integer[] The UIDs, named one by one, that do not exist.

---@class imapconn.CopyRow
---@field uid integer The UID of the message.
---@field new_uid integer The UID of its copy.

---Copies messages to another mailbox (COPY, 6.4.7), in one round trip. A copy too long for one command is not atomic: a
---refusal after the first is `partial`.
---@param inputs imapconn.CopyInputs
---@return imapconn.CopyResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:copy_message(inputs) end

---@class imapconn.DeleteInputs
---@field mailbox imapconn.Mailbox The mailbox that holds the messages.
---@field uid? integer The message's UID; this or `uids`.
---@field uids? imapconn.Set The messages' UIDs, without `"*"`; this or `uid`.
---@field uid_validity? integer What UIDVALIDITY must be, as in the other actions. Default: any.
---@field allow_expunge? boolean Without UIDPLUS, delete with EXPUNGE: `\Deleted` of other messages is lifted meanwhile and put back. What another client marks in that very moment goes too. Default: `false`: then it is `unsupported`.

---@class imapconn.DeleteResult
---@field path string The mailbox.
---@field uids integer[] The UIDs removed.
---@field missing integer[] The UIDs, named one by one, that were not there.

---Removes messages for good (STORE and UID EXPUNGE, 6.4.9), in one round trip; never one that was not named.
---@param inputs imapconn.DeleteInputs
---@return imapconn.DeleteResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:delete_message(inputs) end

---@class imapconn.DownloadInputs
---@field mailbox imapconn.Mailbox The mailbox that holds the message.
---@field index? integer|"*" The message's sequence number (1 is the oldest, `"*"` the latest); this or `uid`.
---@field uid? integer The message's UID; this or `index`.
---@field uid_validity? integer What UIDVALIDITY must be, as in the other actions. Default: any.
---@field part? string A part: `"1.2"`, `"1.2.MIME"`, `"HEADER"`, `"TEXT"` (section, 6.4.5.1). Default: the whole message, as it is stored.
---@field decode? boolean Of a part: undo its transfer encoding, and turn text into UTF-8. Default: `false`.
---@field sink? imapconn.Sink|file* Takes the content as it comes, in bounded memory: a function, or an open file (anything with `:write`). Default: it is collected in `content`.
---@field progress? imapconn.Progress Is told how many octets have come, of those that the server announced (before decoding).
---@field mark_read? boolean Sets `\Seen`. Default: `false`.

---Takes a chunk of content. An error, `false [, message]` or `nil, message` is `callback`; the rest is then read and
---dropped, and the connection goes on.
---@alias imapconn.Sink fun(chunk: string): any, string?

---@class imapconn.DownloadResult
---@field seq integer The sequence number.
---@field uid integer The UID.
---@field size integer The octets of the content, as delivered.
---@field content? string The content; nil with `sink`.
---@field content_type? string Of a part: its media type, lower case, like `"text/plain"`.
---@field charset? string Of a part: the charset as declared.
---@field encoding? string Of a part: the transfer encoding, lower case.
---@field disposition? string Of a part: `"attachment"`, `"inline"` or another, lower case.
---@field filename? string Of a part: the file's name, decoded to UTF-8 (RFC 2231, RFC 2047). It is what the sender wrote: not to be used as a path.
---@field converted? boolean With `decode`: whether the content is UTF-8 now; false where it is no text, or the charset is unknown.

---Downloads a message or one of its parts (FETCH, 6.4.5), in one round trip.
---@param inputs imapconn.DownloadInputs
---@return imapconn.DownloadResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:download_message(inputs) end

-- --- Mailboxes --------------------------------------------------------------------------------

---@class imapconn.CreateInputs
---@field path imapconn.Mailbox The mailbox to create.

---@class imapconn.CreateResult
---@field path string The mailbox.
---@field created boolean False where it existed.
---@field subscribed boolean Whether it is subscribed now.
---@field mailbox_id? string Its id, where it was created now and the server has OBJECTID (RFC 8474).

---Creates a mailbox and subscribes to it (CREATE and SUBSCRIBE, 6.3.4 and 6.3.7), in two round trips. One that exists is
---no failure. One that cannot be created is not left subscribed.
---@param inputs imapconn.CreateInputs
---@return imapconn.CreateResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:create_mailbox(inputs) end

---@class imapconn.RenameInputs
---@field path imapconn.Mailbox The mailbox.
---@field new_path imapconn.Mailbox Its new name.

---@class imapconn.RenameResult
---@field path string The old name.
---@field new_path string The new name.

---Renames a mailbox, with those below it (RENAME, 6.3.6), in one round trip.
---@param inputs imapconn.RenameInputs
---@return imapconn.RenameResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:rename_mailbox(inputs) end

---@class imapconn.StatusInputs
---@field mailbox imapconn.Mailbox The mailbox.

---What a mailbox holds; only those that the server has.
---@class imapconn.Status
---@field messages? integer How many messages.
---@field recent? integer How many with `\Recent` (RFC 3501).
---@field unseen? integer How many without `\Seen`.
---@field uid_next? integer The UID that the next message will get, at least.
---@field uid_validity? integer UIDVALIDITY (2.3.1.1).
---@field highest_modseq? imapconn.Number64 The highest mod-sequence (RFC 7162).
---@field size? imapconn.Number64 Octets of all messages (STATUS=SIZE, RFC 8438).
---@field mailbox_id? string Its id (RFC 8474).

---@class imapconn.StatusResult: imapconn.Status
---@field path string The mailbox.

---Asks how a mailbox is, without opening it (STATUS, 6.3.11), in one round trip.
---@param inputs imapconn.StatusInputs
---@return imapconn.StatusResult? result
---@return string? message
---@return imapconn.Error? err
function Connection:get_mailbox_status(inputs) end

---@alias imapconn.StatusField
---| "messages"
---| "recent"
---| "unseen"
---| "uid_next"
---| "uid_validity"
---| "highest_modseq"
---| "size"
---| "mailbox_id"

---@class imapconn.ListInputs
---@field pattern? string Which: `*` matches anything, `%` anything within one level (6.3.9). Default: `"*"`.
---@field reference? string Below what. Default: `""`.
---@field subscribed_only? boolean Only those subscribed to. Default: `false`.
---@field status? true|imapconn.StatusField[] Gives each row that can be opened a `status`, with all fields or those named. Default: none.

---@class imapconn.MailboxRow
---@field path string The name, in UTF-8; where its encoding is broken, as it came.
---@field raw_path string The name as it is on the wire.
---@field name string Its last part.
---@field delimiter? string What separates levels; nil where there are none.
---@field parent? string The path of its parent; nil at the top.
---@field flags imapconn.Flags Its attributes, like `\HasChildren` (7.3.1).
---@field special_use? string Like `"\\Sent"` (RFC 6154).
---@field subscribed boolean Whether it is subscribed.
---@field selectable boolean Whether it can be opened.
---@field status? imapconn.Status With the input `status`.
---@field error? string What of the row the server sent malformed; the other fields are intact.
---@field raw? string Such a row's bytes.

---Lists mailboxes (LIST, 6.3.9), in one round trip where the server has LIST-EXTENDED and LIST-STATUS. Names are what
---the server says: not to be used as paths of files.
---@param inputs? imapconn.ListInputs
---@return imapconn.MailboxRow[]? rows
---@return string? message
---@return imapconn.Error? err
function Connection:list_mailboxes(inputs) end

-- --- Searching --------------------------------------------------------------------------------

---The keys of a search (6.4.4). All that are given must hold; an array repeats a key: all of it must hold. Text is
---searched for without regard to case, in UTF-8, and has 65536 octets at most, all texts together. A key that the
---server cannot evaluate is `unsupported`, never dropped.
---@class imapconn.SearchKeys
---@field read_filter? "all"|"read"|"unread" With or without `\Seen`. Default: `"all"`.
---@field range? imapconn.Set Sequence numbers.
---@field uids? imapconn.Set UIDs. At the top level of any length; within `not` and `or` all sets together up to 6000 octets.
---@field from? string|string[] In the From header.
---@field to? string|string[] In the To header.
---@field cc? string|string[] In the Cc header.
---@field bcc? string|string[] In the Bcc header.
---@field subject? string|string[] In the Subject header.
---@field body? string|string[] In the body.
---@field text? string|string[] In the header or the body.
---@field header? table<string, string|string[]> In the header of that name; `""`: it is there.
---@field since? imapconn.Day|imapconn.Day[] Arrived on that day or later.
---@field on? imapconn.Day|imapconn.Day[] Arrived on that day.
---@field before? imapconn.Day|imapconn.Day[] Arrived earlier than that day.
---@field sent_since? imapconn.Day|imapconn.Day[] The Date header is of that day or later.
---@field sent_on? imapconn.Day|imapconn.Day[] The Date header is of that day.
---@field sent_before? imapconn.Day|imapconn.Day[] The Date header is of an earlier day.
---@field saved_since? imapconn.Day|imapconn.Day[] Came into this mailbox on that day or later (RFC 8514).
---@field saved_on? imapconn.Day|imapconn.Day[] Came into this mailbox on that day (RFC 8514).
---@field saved_before? imapconn.Day|imapconn.Day[] Came into this mailbox earlier (RFC 8514).
---@field younger? integer|integer[] Arrived at most so many seconds ago (RFC 5032).
---@field older? integer|integer[] Arrived at least so many seconds ago (RFC 5032).
---@field larger? imapconn.Number64|imapconn.Number64[] More octets than that.
---@field smaller? imapconn.Number64|imapconn.Number64[] Fewer octets than that.
---@field modseq? imapconn.Number64|imapconn.Number64[] A mod-sequence of that or higher (RFC 7162).
---@field email_id? string|string[] That EMAILID (RFC 8474).
---@field thread_id? string|string[] That THREADID (RFC 8474).
---@field keyword? string|string[] Has that flag, one without `\`.
---@field unkeyword? string|string[] Does not have it.
---@field answered? boolean With (or, false, without) `\Answered`; `unanswered` is the opposite.
---@field deleted? boolean With or without `\Deleted`; `undeleted` is the opposite.
---@field draft? boolean With or without `\Draft`; `undraft` is the opposite.
---@field flagged? boolean With or without `\Flagged`; `unflagged` is the opposite.
---@field seen? boolean With or without `\Seen`; `unseen` is the opposite.
---@field unanswered? boolean The opposite of `answered`.
---@field undeleted? boolean The opposite of `deleted`.
---@field undraft? boolean The opposite of `draft`.
---@field unflagged? boolean The opposite of `flagged`.
---@field unseen? boolean The opposite of `seen`.
---@field recent? boolean With or without `\Recent` (RFC 3501).
---@field new? boolean With `\Recent` and without `\Seen`, or not so (RFC 3501).
---@field old? boolean Without or with `\Recent` (RFC 3501).
---@field all? boolean Every message, or none.
---@field not? imapconn.SearchKeys|imapconn.SearchKeys[] These keys do not all hold; of an array, none of its tables does.
---@field or? imapconn.SearchKeys[] At least one of these holds.

---A day: `"YYYY-MM-DD"`, or seconds since 1970, of which the UTC day counts.
---@alias imapconn.Day string|number

---@class imapconn.SearchInputs: imapconn.SearchKeys
---@field mailbox imapconn.Mailbox The mailbox to search.
---@field uid_validity? integer What UIDVALIDITY must be, as in the other actions. Default: any.
---@field fields? imapconn.MessageField[] What to tell of each message. With `{ "uid" }` or `{ "seq" }` alone nothing is fetched. Default: `seq`, `uid`, `flags`, `size`, `internal_date`, `envelope`.
---@field limit? integer At most so many: those with the lowest UIDs, with `newest_first` the highest. Default: all.
---@field newest_first? boolean In descending order. Default: `false`.

---@alias imapconn.MessageField
---| "seq"
---| "uid"
---| "flags"
---| "size"
---| "internal_date"
---| "envelope"
---| "body_structure"
---| "modseq"
---| "email_id"
---| "thread_id"
---| "preview"
---| "save_date"
---| "headers"

---Finds messages (SEARCH and FETCH, 6.4.4 and 6.4.5), ascending by `seq`: in one round trip where the server has
---SEARCHRES, with `limit` in two.
---@param inputs imapconn.SearchInputs
---@return imapconn.Message[]? messages
---@return string? message
---@return imapconn.Error? err
function Connection:search_messages(inputs) end

---A message, with the fields asked for.
---@class imapconn.Message
---@field seq? integer The sequence number.
---@field uid? integer The UID.
---@field flags? imapconn.Flags The flags.
---@field size? imapconn.Number64 Octets, RFC822.SIZE.
---@field internal_date? integer When it arrived, in seconds since 1970.
---@field envelope? imapconn.Envelope The header in short (7.5.2).
---@field body_structure? imapconn.Node The tree of its parts (7.5.2).
---@field modseq? imapconn.Number64 The mod-sequence (RFC 7162).
---@field email_id? string EMAILID (RFC 8474).
---@field thread_id? string THREADID (RFC 8474).
---@field preview? string The beginning of the text (RFC 8970).
---@field save_date? integer When it came into this mailbox, in seconds since 1970 (RFC 8514).
---@field headers? table<string, string[]> The header's fields, in arrays by lower-case name, unfolded and decoded to UTF-8 (RFC 2047).
---@field error? string What of the row the server sent malformed; the other fields are intact.
---@field raw? string Such a row's bytes.

---@class imapconn.Envelope
---@field date? integer The Date header, in seconds since 1970; nil where it is none.
---@field date_text? string The Date header as it is.
---@field subject? string The subject, decoded to UTF-8 (RFC 2047).
---@field from imapconn.Address[] From.
---@field sender imapconn.Address[] Sender.
---@field reply_to imapconn.Address[] Reply-To.
---@field to imapconn.Address[] To.
---@field cc imapconn.Address[] Cc.
---@field bcc imapconn.Address[] Bcc.
---@field in_reply_to? string In-Reply-To, with its angle brackets.
---@field message_id? string Message-ID, with its angle brackets.

---@class imapconn.Address
---@field name? string The person's name, decoded to UTF-8.
---@field mailbox? string What stands before the `@`.
---@field host? string What stands behind it.
---@field address? string Both, as `mailbox@host`.
---@field group? string The name of the group that it is in.

---@class imapconn.Node
---@field part string What `download_message` takes as `part`: `"1.2"`; of a multipart, its text: `"TEXT"`, `"2.TEXT"`.
---@field type string The media type, lower case, like `"multipart/mixed"`.
---@field params table<string, string> Its parameters by lower-case name, decoded to UTF-8 (RFC 2231).
---@field encoding? string The transfer encoding, lower case.
---@field size? integer Octets, encoded.
---@field lines? integer Lines, of text and messages.
---@field id? string Content-ID.
---@field description? string Content-Description, decoded to UTF-8.
---@field md5? string Content-MD5.
---@field disposition? string `"attachment"`, `"inline"` or another, lower case.
---@field disposition_params? table<string, string> Its parameters.
---@field filename? string The file's name, decoded to UTF-8. It is what the sender wrote: not to be used as a path.
---@field language? string[] Content-Language.
---@field location? string Content-Location.
---@field envelope? imapconn.Envelope Of a `message/rfc822`: its envelope.
---@field parts? imapconn.Node[] Of a multipart: its parts; of a `message/rfc822`: the one within.

return imapconn
