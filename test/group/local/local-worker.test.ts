import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, Gauge, Registry } from "prom-client";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import { counterOf, TestGroup } from "../groups.ts";

/** A registry with a counter and a gauge whose collectors fail while they are told to. */
function failingRegistry() {
  const registry = new Registry();
  const state = { isFailing: false };
  const collect = () => {
    if (state.isFailing) throw new Error("Cannot collect");
  };
  const about = { help: "What it does.", registers: [registry], collect };
  const counter = new Counter({ name: "jobs_total", ...about });
  new Gauge({ name: "jobs", ...about }).set(1);
  return { registry, counter, state };
}

const CONTINUE = { errorHandling: "continue" } as const;

test("what a collector has counted stays as it was while it fails, and counts once", async () => {
  await using group = await TestGroup.create();
  const { registry, counter, state } = failingRegistry();
  counter.inc(10);
  const other = counterOf(1, "other_total");
  const hub = await group.add(gathererOf([counterOf(100), other]), CONTINUE);
  let member = await group.add(gathererOf([registry, other]), CONTINUE);
  for (let round = 0; round < 3; round++) {
    assert.equal(await hub.sample("jobs_total"), 110 + 2 * round);
    assert.equal(await hub.sample("jobs"), 1);
    state.isFailing = true;
    for (const _ of [1, 2]) assert.equal(await hub.sample("jobs_total"), 110 + 2 * round);
    assert.equal(await hub.sample("jobs"), undefined);
    state.isFailing = false;
    counter.inc();
    assert.equal(await hub.sample("jobs_total"), 111 + 2 * round);
    await member.group.close();
    counter.inc();
    member = await group.add(gathererOf([registry, other]), CONTINUE);
  }
});
