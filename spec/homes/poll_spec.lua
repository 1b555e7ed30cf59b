-- Coroutines that poll(2) drives.
local home = require "spec.support.home"
local poll = require "imapconn.wait.poll"

describe("in poll", home { name = "poll", page = "script", wait = poll.wait, run = poll.run, sleep = poll.sleep })
