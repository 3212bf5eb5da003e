import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { PROTOCOL } from "../../../src/group/messages.ts";
import { nextWorkerId } from "../../../src/group/worker-id.ts";
import { within } from "../../helpers/within.ts";
import { counterOf, TestGroup } from "../groups.ts";
import { HELLO, Peer } from "./peer.ts";

test("a peer that greets gets the lowest free number, and is asked", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.join(group);
  const { slot, pid } = await peer.message("welcome");
  assert.deepEqual([slot, pid], [1, process.pid]);
  const scraped = hub.get();
  await peer.answer(41);
  assert.match((await scraped)?.text ?? "", /^jobs_total 42$/m);
  peer.socket.destroy();
});

const BREACHES: Readonly<Record<string, (peer: Peer) => void>> = {
  "an answer that nobody asked for": (peer) =>
    peer.send({ type: "have", n: 1, isGiven: false, isFailing: false, errors: [] }),
  "a layout that nobody asked for": (peer) => peer.send({ type: "layout", n: 1, piece: [] }),
  "a second greeting": (peer) => peer.send(HELLO),
  "a message of no known type": (peer) => peer.send({ type: "__proto__" }),
  "a head that is not JSON": (peer) => {
    peer.socket.write(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x78]));
  },
  "a frame that is too long": (peer) => {
    peer.socket.write(Buffer.from([0, 0, 0, 0xff, 0, 0, 0, 0]));
  },
  "a farewell without numbers": (peer) => peer.send({ type: "bye", order: [] }),
};

for (const [name, breach] of Object.entries(BREACHES)) {
  test(`a member is cut off and counted for ${name}`, async () => {
    await using group = await TestGroup.create();
    const hub = await group.add(counterOf(1));
    const peer = await Peer.join(group);
    breach(peer);
    await peer.closed();
    assert.equal(await hub.sample('promhttp_worker_events_total{event="refused"}'), 1);
    assert.equal(await hub.sample("jobs_total"), 1);
    assert.match(hub.logged[0] ?? "", /Worker 1 was disconnected: "/);
  });
}

test("a peer that does not greet first is cut off", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  for (const head of [
    { type: "have" },
    { ...HELLO, worker: "me" },
    { ...HELLO, id: "x".repeat(5_000) },
  ]) {
    const peer = await Peer.connect(group);
    peer.send(head);
    await peer.closed();
  }
  assert.equal(await hub.sample('promhttp_worker_events_total{event="refused"}'), 3);
  assert.equal(await hub.sample('promhttp_worker_events_total{event="joined"}'), 0);
});

test("a peer with the id of the hub does not take its place", async () => {
  await using group = await TestGroup.create();
  const [own, count = "0"] = nextWorkerId().split(".");
  const hub = await group.add(counterOf(1));
  const peer = await Peer.connect(group);
  peer.send({ ...HELLO, worker: `${own}.${Number(count) + 1}` });
  await peer.closed();
  assert.equal(await hub.sample("jobs_total"), 1);
  assert.equal(await hub.sample('promhttp_worker_up{worker="0"}'), 1);
  assert.equal(await hub.sample('promhttp_worker_events_total{event="refused"}'), 1);
});

test("a worker that has too many numbers is refused, and cannot stay", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.connect(group);
  // It does not close its side.
  peer.socket.removeAllListeners("end").allowHalfOpen = true;
  peer.send(HELLO);
  await peer.message("welcome");
  const scraped = hub.sample("jobs_total");
  const { n } = await peer.message("want");
  const bounds = Array.from({ length: 1_000 }, (_, index) => index);
  const rows = Array.from({ length: 10_000 }, () => [0]);
  const head = { name: "a", help: "", type: "histogram" };
  const splices = [{ at: 0, removed: 0, rows }];
  const shapes = [{ names: [], bounds }];
  peer.send({ type: "layout", n, piece: [{ id: 1, head, shapes, splices }] });
  assert.equal((await peer.message("refused"))["reason"], "numbers");
  assert.equal(await scraped, 1);
  for (;;) if ((await hub.sample('promhttp_worker_events_total{event="left"}')) === 1) break;
  assert.equal(await hub.sample('promhttp_worker_events_total{event="refused"}'), 1);
  peer.socket.destroy();
});

test("a worker whose layout goes on without end is cut off", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.join(group);
  const scraped = hub.sample("jobs_total");
  const { n } = await peer.message("want");
  const head = { name: "a", help: "", type: "gauge" };
  const shapes = [{ names: ["x"], bounds: [] }];
  peer.send({ type: "layout", n, piece: [{ id: 1, head, shapes }] });
  for (let i = 0; i < 3; i++) {
    const splices = [{ at: 0, removed: Math.min(i, 1), rows: [[0, String(i)]] }];
    peer.send({ type: "layout", n, piece: [{ id: 1, splices }] });
  }
  await peer.closed();
  assert.equal(await scraped, 1);
  assert.match(hub.logged[0] ?? "", /goes on without end/);
});

test("a worker of another version is counted as long as it stays, and costs no scrape", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.connect(group);
  peer.send({ ...HELLO, protocol: PROTOCOL + 1, version: "\u001b[2J9" });
  assert.equal((await peer.message("refused"))["reason"], "protocol");
  const { status, text } = (await hub.get()) ?? {};
  assert.equal(status, 200);
  assert.match(text ?? "", /^promhttp_workers\{state="incompatible"\} 1$/m);
  assert.match(text ?? "", /^promhttp_workers\{state="up"\} 1$/m);
  assert.match(text ?? "", /^jobs_total 1$/m);
  assert.match(hub.logged[0] ?? "", /another version of promhttp \("\\u001b\[2J9"\)/);
  peer.socket.destroy();
  for (;;) if ((await hub.sample('promhttp_workers{state="incompatible"}')) === 0) break;
});

test("a worker that is cut off counts on as it stands, and once when it returns", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const first = await Peer.join(group);
  const scraped = hub.sample("jobs_total");
  await first.answer(40);
  assert.equal(await scraped, 41);
  first.send({ type: "nothing" });
  await first.closed();
  const { text } = (await hub.get()) ?? {};
  assert.match(text ?? "", /^jobs_total 41$/m);
  assert.doesNotMatch(text ?? "", /promhttp_worker_up\{worker="1"\}/);

  const second = await Peer.join(group);
  assert.equal((await second.message("welcome"))["slot"], 1);
  const again = hub.sample("jobs_total");
  // It has counted a little more meanwhile.
  await second.answer(42);
  assert.equal(await again, 43);
  second.socket.destroy();
});

test("a thread whose connection ends is gone, and what it has counted stays", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.join(group);
  const scraped = hub.sample("jobs_total");
  await peer.answer(40);
  assert.equal(await scraped, 41);
  peer.socket.destroy();
  for (;;) if ((await hub.sample('promhttp_worker_events_total{event="left"}')) === 1) break;
  assert.equal(await hub.sample("jobs_total"), 41);
});

test("an upgrade to anything else is refused", async () => {
  await using group = await TestGroup.create();
  await group.add(counterOf(1));
  const name = readdirSync(group.folder).find((file) => file.endsWith(".sock"));
  const asked = request({
    socketPath: `${group.folder}/${name}`,
    headers: { Connection: "Upgrade", Upgrade: "websocket" },
  }).end();
  await assert.rejects(within("the refusal", once(asked, "upgrade")), { code: "ECONNRESET" });
});

test("a thread that ends its connection to make another is not counted twice", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const first = await Peer.join(group);
  const scraped = hub.sample("jobs_total");
  await first.answer(40);
  assert.equal(await scraped, 41);
  first.send({ type: "again" });
  first.socket.end();
  await first.closed();
  assert.equal(await hub.sample("jobs_total"), 41);

  const second = await Peer.join(group);
  assert.equal((await second.message("welcome"))["slot"], 1);
  const again = hub.sample("jobs_total");
  await second.answer(42);
  assert.equal(await again, 43);
  second.socket.destroy();
  assert.equal(await hub.sample('promhttp_worker_events_total{event="refused"}'), 0);
});
