import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { createHandler, render } from "promhttp";
import { probe, registry } from "./exporter.mts";

const flags = { "folder.path": ".", "probe.allow": ["127.0.0.1"] };

test("the metrics count the entries of a folder", async () => {
  const { text } = await render(registry(flags));
  assert.match(text, /^folder_entries\{path="\."\} [1-9]\d*$/m);
});

// One of these probes fails, and need not say so.
const logger = { error() {}, warn() {} };
const handler = createHandler(probe(flags), { logger });

function ask(target: string): Promise<Response> {
  return handler.fetch(new Request(`http://localhost/probe?target=${target}`));
}

test("a probe succeeds while its target listens, and fails afterwards", async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const listening = await ask(`127.0.0.1:${port}`);
  assert.match(await listening.text(), /^probe_success 1$/m);

  server.close();
  await once(server, "close");
  const closed = await ask(`127.0.0.1:${port}`);
  assert.match(await closed.text(), /^probe_success 0$/m);
});

test("a probe refuses a target that the flag does not allow", async () => {
  const { status } = await ask("192.0.2.1:80");
  assert.equal(status, 403);
});
