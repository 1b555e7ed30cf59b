--- The rows of the threats that imapconn is held to, and those without a spec of
--- their own: why, and what was looked at in their place.

local rows = {}

--- How many rows each section has: A1 … A17, and so on.
rows.sections = { A = 17, B = 12, C = 15, D = 29, E = 9, F = 13, G = 13, H = 12 }

--- row = { why, what is checked in its place }
rows.explained = {
  C7 = { "there is neither ID nor ENABLE with names of the caller's",
    "every argument goes through one encoder: C1 to C4, and spec/fuzz/encoder.c" },
  F4 = { "there is no IDLE yet", "a dead peer amid any other command is a timeout: F3" },
  F5 = { "there is no IDLE yet", "F3: the deadline of a call does not move with what arrives" },
  F12 = { "changing the system's clock takes its administrator",
    "every deadline is read from CLOCK_MONOTONIC, as spec/threats/rows_spec.lua looks up in the source" },
  G8 = { "there is no MOVE yet", "a delete that is half done is `partial`: spec/transcripts/delete_spec.lua" },
  G13 = { "there is no IDLE yet", "a completion that no command waits for is `protocol`: D16" },
}

return rows
