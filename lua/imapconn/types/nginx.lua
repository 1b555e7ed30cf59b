---@meta imapconn.nginx
-- The same connect for nginx and OpenResty; docs/nginx.md shows it at work.
-- luacheck: ignore 212 241 631

---For [nginx and OpenResty](nginx.md): no call of its connections blocks the worker.
---@class imapconn.nginx
---@field _VERSION string The version of the library.
local nginx = {}

---Connects over a cosocket and logs in, or takes from the worker's pool what the same login left there with
---`keepalive`. Fails as `imapconn.connect` does. nginx.conf decides about trust anchors and TLS versions: `ca_file`,
---`ca_path`, `min_tls_version`, `max_tls_version`, `min_dh_size`, `pinned_public_key`, `proxy`, `wait`, `transport`,
---`client_key_password` and `compress` are `unsupported`, with `field`; so is every call in a phase without cosockets.
---@param options imapconn.Options
---@return imapconn.Connection? connection
---@return string? message
---@return imapconn.Error? err
function nginx.connect(options) end

return nginx
