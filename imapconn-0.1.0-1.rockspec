-- How LuaRocks gets, builds and tests imapconn, with the libcurl and the
-- Mbed TLS that are installed; where they are is in CURL_DIR and MBEDTLS_DIR.
rockspec_format = "3.0"
package = "imapconn"
version = "0.1.0-1"
source = {
  url = "git+https://github.com/imapconn/imapconn.git",
  tag = "v0.1.0",
}
description = {
  summary = "An IMAP client: safe, quick, and at home in any event loop",
  detailed = "Reads, searches, appends, flags, copies and deletes mail over"
    .. " IMAP4rev1 and IMAP4rev2, one round trip to an action. The core is C"
    .. " on libcurl and Mbed TLS.",
  homepage = "https://github.com/imapconn/imapconn",
  license = "MIT",
  labels = { "imap", "mail", "email", "network" },
}
supported_platforms = { "unix" }
dependencies = { "lua >= 5.1, < 5.5" }
external_dependencies = {
  CURL = { library = "curl" },
  MBEDTLS = { library = "mbedcrypto" },
  ZLIB = { library = "z" },
}
build = {
  type = "make",
  variables = {
    BUNDLED = "0",
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    CURL_DIR = "$(CURL_DIR)",
    MBEDTLS_DIR = "$(MBEDTLS_DIR)",
  },
  install_variables = {
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
    DOCDIR = "$(PREFIX)/doc",
  },
}
test = {
  type = "command",
  script = "tools/rock-test.lua",
}
