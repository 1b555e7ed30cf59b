---@meta imapconn.streams
-- What a transport of the caller's has to offer.
-- luacheck: ignore 212 241 631

---A byte stream of the caller's. All its functions may yield; an error raised in one is `callback` (in a coroutine of
---PUC Lua 5.1, where it is raised from the call, with the connection closed).
---@class imapconn.Transport
---@field connect fun(options: table): imapconn.Stream?, string?, string? Takes the options with their defaults, and answers a stream, or `nil, message, code`; under `secure = true` TLS is on already. Default of `code`: `"connect"`.

---@class imapconn.Stream
---@field receive fun(self: imapconn.Stream, max: integer, seconds: number): string?, string? At most `max` bytes, and at least one, or `nil` and `"timeout"`, `"closed"` or a message.
---@field send fun(self: imapconn.Stream, bytes: string, seconds: number): integer?, string? How many bytes it took, at least one, or `nil` and `"timeout"`, `"closed"` or a message.
---@field starttls? fun(self: imapconn.Stream, seconds: number): boolean?, string? Starts TLS, for `secure = "starttls"`; bytes that came before must fail it.
---@field tls? fun(self: imapconn.Stream): imapconn.TLS? What was negotiated.
---@field keepalive? fun(self: imapconn.Stream, seconds?: number, size?: integer, mechanism: string): boolean?, string? Gives it to a pool; `mechanism` is what logged in.
---@field resumed? string Of one from a pool, with TLS and login behind it: the mechanism that logged in. No greeting is awaited.
---@field close fun(self: imapconn.Stream) Closes it; more than once is no error.
