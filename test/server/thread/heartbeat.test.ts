import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeat } from "../../../src/server/thread/heartbeat.ts";

test("Heartbeat knows how long ago the event loop turned", () => {
  const heartbeat = new Heartbeat();
  heartbeat.beat();
  const seen = new Heartbeat(heartbeat.memory);
  assert.ok(seen.ageMs() >= 0 && seen.ageMs() < 60_000);
});

test("Heartbeat goes by the real clock where a test of the application stops its own", () => {
  const heartbeat = new Heartbeat();
  const { hrtime } = process;
  process.hrtime = Object.assign((): [number, number] => [0, 0], { bigint: () => 0n });
  try {
    heartbeat.beat();
  } finally {
    process.hrtime = hrtime;
  }
  assert.ok(heartbeat.ageMs() < 60_000);
});

test("Heartbeat says which question is the first that somebody waits for", () => {
  const heartbeat = new Heartbeat();
  heartbeat.firstOpen = 7;
  assert.equal(new Heartbeat(heartbeat.memory).firstOpen, 7);
});
