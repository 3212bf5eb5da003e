import assert from "node:assert/strict";
import { test } from "node:test";
import { counterOf, TestGroup } from "../groups.ts";
import { HELLO, Peer, THREAD } from "./peer.ts";

test("a hub takes 1,024 workers, refuses the next, and goes on", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1), { timeoutMs: 60_000 });
  const peers: Peer[] = [];
  for (let thread = 1; thread < 1_024; thread++) {
    const worker = THREAD.replace(/9$/, `${thread}`);
    peers.push(await Peer.join(group, { ...HELLO, worker, thread }));
  }
  const last = await Peer.connect(group);
  last.send({ ...HELLO, worker: THREAD.replace(/9$/, "1024"), thread: 1_024 });
  assert.equal((await last.message("refused"))["reason"], "members");
  await last.closed();
  assert.match(hub.logged[0] ?? "", /at most 1024 workers$/);

  // One that leaves makes room.
  const [first] = peers;
  first?.socket.destroy();
  await first?.closed();
  for (;;) {
    const next = await Peer.connect(group);
    next.send({ ...HELLO, worker: THREAD.replace(/9$/, "1024"), thread: 1_024 });
    const { type } = await next.message("welcome", "refused");
    next.socket.destroy();
    if (type === "welcome") break;
  }
  for (const peer of peers) peer.socket.destroy();
  assert.equal(await hub.sample("jobs_total"), 1);
});

/** A layout whose numbers would be more than all workers together may have. */
const HUGE = {
  id: 1,
  head: { name: "sizes", help: "", type: "histogram" },
  shapes: [{ names: ["at"], bounds: Array.from({ length: 5_000 }, (_, i) => i) }],
  splices: [{ at: 0, removed: 0, rows: Array.from({ length: 2_000 }, (_, i) => [0, `${i}`]) }],
};

test("a worker with too many numbers is refused, and what it had counts on", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.join(group);
  const first = hub.sample("jobs_total");
  await peer.answer(40);
  assert.equal(await first, 41);

  peer.forget("want");
  const second = hub.sample("jobs_total");
  const { n } = await peer.message("want");
  peer.send({ type: "layout", n, piece: [HUGE] });
  assert.equal((await peer.message("refused"))["reason"], "numbers");
  await peer.closed();
  assert.equal(await second, 41);
  assert.equal(await hub.sample('promhttp_worker_events_total{event="refused"}'), 1);
  assert.equal(await hub.sample("jobs_total"), 41);
});
