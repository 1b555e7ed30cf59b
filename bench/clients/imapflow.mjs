// imapflow as a client of the bench (see bench/run.lua). It would compress and
// go idle by itself: both are switched off, because no other client does.
import { createRequire } from "node:module";
import { readFileSync, readSync } from "node:fs";
import { actions } from "./actions.mjs";

const { ImapFlow } = createRequire(process.env.IMAPCONN_BUILD + "/bench/")("imapflow");
const setting = (name) => process.env["BENCH_" + name];
const mailbox = setting("MAILBOX");
const count = Number(setting("COUNT"));
const secure = setting("TLS") === "1";
const ca = readFileSync(setting("CA"));

async function connect() {
  const client = new ImapFlow({
    host: setting("HOST"), port: Number(setting("PORT")), secure, doSTARTTLS: false,
    auth: { user: setting("USER"), pass: setting("PASSWORD") },
    tls: { ca }, logger: false, disableCompression: true, disableAutoIdle: true,
  });
  await client.connect();
  return client;
}

let client;
const open = (readOnly) => client.mailboxOpen(mailbox, { readOnly });
const uids = function* () { for (let uid = 1; uid <= count; uid++) yield uid; };

// Each workload answers what tells what was delivered, in chunks.
const work = {
  async listing() {
    await open(true);
    const query = { uid: true, flags: true, internalDate: true, size: true, envelope: true, bodyStructure: true };
    const rows = await client.fetchAll("1:*", query, { uid: true });
    return () => rows.map(listing);
  },
  async download() {
    await open(true);
    const samples = [];
    for (const uid of uids()) {
      const sink = new Sampler();
      const { content } = await client.download(String(uid), undefined, { uid: true, chunkSize: 1 << 30 });
      for await (const chunk of content) sink.take(chunk);
      samples.push(sink.text());
    }
    return () => samples;
  },
  async small() {
    await open(true);
    const samples = [];
    for (const uid of uids()) {
      const { source } = await client.fetchOne(String(uid), { source: true }, { uid: true });
      const middle = source.length >> 1;
      samples.push(`${source.length} ${source.toString("latin1", middle, middle + 16)}\n`);
    }
    return () => samples;
  },
  async append() {
    for (const message of messages) await client.append(mailbox, message);
    return () => [];
  },
  async "append-file"() {
    for (let n = 0; n < count; n++) await client.append(mailbox, readFileSync(setting("BIG")));
    return () => [];
  },
  async search() {
    await open(true);
    const lines = [];
    for (let n = 0; n < count; n++) {
      lines.push(await client.search({ from: `person${n}@host${n % 40}.example.org` }, { uid: true }));
    }
    return () => lines.map((line) => line.join(" ") + "\n");
  },
  async flags() {
    await open(false);
    for (const uid of uids()) await client.messageFlagsAdd(String(uid), ["\\Flagged"], { uid: true, silent: true });
    await client.messageFlagsAdd("1:*", ["\\Seen"], { uid: true, silent: true });
    return () => [];
  },
  async connect() {
    for (let i = 0; i < count; i++) await (await connect()).logout();
    return () => [];
  },
  async mailboxes() {
    const rows = await client.list({ statusQuery: { messages: true, unseen: true, uidNext: true, uidValidity: true } });
    return () => rows.map(({ path, status: s }) =>
      `${path}\t${s.messages}\t${s.unseen}\t${s.uidNext}\t${s.uidValidity}\n`).sort();
  },
};

for (const [name, action] of Object.entries(actions)) {
  work[name] = async () => {
    await action(client, mailbox);
    return () => [];
  };
}

// A few octets of what comes in chunks, wherever these end.
class Sampler {
  total = 0; next = 0; taken = "";
  take(chunk) {
    for (; this.next < this.total + chunk.length; this.next += 65521) {
      this.taken += String.fromCharCode(chunk[this.next - this.total]);
    }
    this.total += chunk.length;
  }
  text() { return `${this.total} ${this.taken}\n`; }
}

// What to append.
function readMessages() {
  const bytes = readFileSync(setting("MESSAGES"));
  const list = [];
  for (let at = 0; list.length < count;) {
    const end = bytes.indexOf(10, at);
    const size = Number(bytes.toString("latin1", at, end));
    list.push(bytes.subarray(end + 1, end + 1 + size));
    at = end + 1 + size;
  }
  return list;
}

// --- The listing as bench/clients/delivered.lua has it -----------------------

const seconds = (date) => Math.floor(date.getTime() / 1000);
const addresses = (list) => (list ?? []).map((a) => `${a.name ?? ""} <${a.address}>`).join(", ");
const params = (set) => Object.entries(set ?? {}).map(([k, v]) => `${k}=${v}`).sort().join(",");

function structure(node) {
  if (node.childNodes) return `(${node.childNodes.map(structure).join("")})${node.type};${params(node.parameters)}`;
  return `(${node.type};${params(node.parameters)};${node.encoding};${node.size};${node.lineCount ?? ""};` +
    `${node.disposition ?? ""};${params(node.dispositionParameters)})`;
}

function listing(row) {
  const e = row.envelope;
  const flags = [...row.flags].filter((flag) => flag !== "\\Recent").sort().join(" ");
  return [row.uid, flags, seconds(row.internalDate), row.size, seconds(e.date), e.subject,
    addresses(e.from), addresses(e.sender), addresses(e.replyTo), addresses(e.to), addresses(e.cc),
    addresses(e.bcc), e.inReplyTo ?? "", e.messageId, structure(row.bodyStructure)].join("\t") + "\n";
}

// -----------------------------------------------------------------------------

function say(word) {
  process.stdout.write(word + "\n"); // which waits, where that is a pipe
  readSync(0, Buffer.alloc(1));
}

const workload = setting("WORKLOAD");
const messages = workload === "append" ? readMessages() : [];
if (workload !== "connect") client = await connect();
say("ready");
const tell = await work[workload]();
say("done");
for (const chunk of tell()) process.stdout.write(chunk);
if (client) await client.logout();
