import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Probe } from "../../src/index.ts";
import { gaugeOf, UP_FAMILY } from "../helpers/families.ts";
import { tick, turns } from "../helpers/turns.ts";
import { createClient, createHarness } from "../probe/harness.ts";

/** What becomes of probes, in turns. */
const OUTCOMES: readonly Probe["probe"][] = [
  () => [UP_FAMILY],
  async ({ target }) => [gaugeOf([{ labels: { host: target.host }, value: 1 }])],
  () => {
    throw new Error("Refused");
  },
  async ({ signal }) => {
    signal.throwIfAborted();
    return [];
  },
];

/** A probe that never settles, and whose client disconnects. */
const HANGING = /^hang-/;

/** Faults are remembered up to a bound, and caches fill, before the first look. */
const WARM_UP = 5_000;

/** How much the heap may grow, in bytes: it rises and falls by half of that. A key takes 100 for each target. */
const ALLOWANCE = 1e6;

/** Probes as many distinct targets with distinct parameters, and asserts that the heap does not grow. */
export async function assertNothingHeld(count: number): Promise<void> {
  let runs = 0;
  const { ask } = createHarness({
    allow: ({ host }) => !host.startsWith("no-"),
    params: ["room"],
    probe: (context) =>
      HANGING.test(context.target.host)
        ? new Promise(() => {})
        : (OUTCOMES[runs++ % OUTCOMES.length] as Probe["probe"])(context),
  });
  const probe = async (at: number) => {
    const kind = at % 7 === 0 ? "no-" : at % 5 === 0 ? "hang-" : "";
    const { signal, leave } = createClient();
    const answer = ask(`target=${kind}host-${at}&room=${at}`, { signal });
    if (kind === "hang-") await tick().then(leave);
    await answer;
  };
  const probeMany = async (from: number, to: number) => {
    for (let index = from; index < to; index += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, offset) => probe(index + offset)));
    }
  };
  await probeMany(0, WARM_UP);
  const before = await heapUsed();
  await probeMany(WARM_UP, count);
  const grown = (await heapUsed()) - before;
  assert.ok(grown < ALLOWANCE, `${grown} bytes`);
}

async function heapUsed(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) {
    await turns(5);
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}
