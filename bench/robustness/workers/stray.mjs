// Peers that break the rules.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { until } from "../target.mjs";
import { assertAnswered } from "./samples.mjs";

/** Answers what was not asked, twice: as a worker of a library, or as a stranger on our hub's socket. */
export async function breakRules(app, target) {
  if (target.isOurs) await breakOurRules(app);
  else await app.workers[0].run(ANSWERS[target.program]);
}

const ANSWERS = {
  "aggregator-registry": () => {
    const answer = { type: "prom-client:getMetricsRes", requestId: 0, metrics: [] };
    for (let turn = 0; turn < 2; turn++) process.send(answer);
  },
  "cluster-registry": () => {
    const type = "@prometheus-io/client:getMetricsRes";
    for (let turn = 0; turn < 2; turn++) process.send({ type, requestId: 0, metrics: [] });
  },
  "worker-registry": () => {
    const { threadId } = process.getBuiltinModule("node:worker_threads");
    const channel = new BroadcastChannel(`@prometheus-io/client:worker:${threadId}`);
    const type = "@prometheus-io/client:getMetricsRes";
    for (let turn = 0; turn < 2; turn++) channel.postMessage({ type, requestId: 0, metrics: [] });
    channel.close();
  },
};

const UPGRADE =
  "GET / HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: promhttp-worker\r\n\r\n";

/** Bytes that no member sends; before each comes the request to join. */
const VIOLATIONS = {
  "bytes that are not a frame": Buffer.from("\xff".repeat(64), "latin1"),
  "a frame whose head is not JSON": frameOf(Buffer.from("{{{")),
  "a head that is too long": Buffer.from([0, 0, 0, 0x7f, 0, 0, 0, 0]),
  "an answer before a greeting": frameOf(Buffer.from(JSON.stringify({ type: "have", n: 1 }))),
};

async function breakOurRules(app) {
  for (const [name, bytes] of Object.entries(VIOLATIONS)) {
    const socket = connect(socketOf(app));
    let isClosed = false;
    socket.on("error", () => {});
    socket.on("close", () => {
      isClosed = true;
    });
    socket.resume();
    socket.write(UPGRADE);
    socket.write(bytes);
    assert.ok(await until(() => isClosed), `${name}: not cut off`);
  }
  assertAnswered(await app.scrape());
}

/** Says a greeting to the hub, and settles when it has answered, with what ends the connection. */
export async function greetWith(app, greeting) {
  const socket = connect(socketOf(app));
  let received = "";
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  socket.write(UPGRADE);
  socket.write(frameOf(Buffer.from(JSON.stringify(greeting))));
  await until(() => received.includes('"type"'));
  return { received, leave: () => socket.destroy() };
}

/** Asks to join, wherever that is, and gives what is answered. */
export async function upgradeAt(place) {
  const socket = connect(place);
  let received = "";
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  socket.write(UPGRADE);
  await until(() => received.includes("\r\n\r\n"));
  socket.destroy();
  return received;
}

/** The path of the hub's socket. */
export function socketOf(app) {
  const folder = join(app.folder, "run");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{16}\.sock$/.test(name));
  assert.ok(file, `no socket: ${readdirSync(folder)}`);
  return join(folder, file);
}

function frameOf(head) {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(head.length, 0);
  return Buffer.concat([lengths, head]);
}
