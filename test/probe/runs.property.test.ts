import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  array,
  asyncProperty,
  assert as check,
  constantFrom,
  nat,
  oneof,
  record,
} from "fast-check";
import type { Probe, ProbeContext } from "../../src/model/probe.ts";
import { UP_FAMILY } from "../helpers/families.ts";
import { tick } from "../helpers/turns.ts";
import { type Client, createClient, createHarness } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

/** The time of a scrape that is soon over: on a busy machine even before its answer is sent. */
const SHORT_SECONDS = "0.005";

/** What happens; `at` picks among the requests, or the runs, that there are by then. */
const EVENT = oneof(
  record({
    kind: constantFrom("ask" as const),
    target: constantFrom("a", "b:1"),
    module: constantFrom("x", "y"),
    timeoutSeconds: constantFrom(undefined, "20", SHORT_SECONDS),
    at: nat(),
  }),
  record({ kind: constantFrom("leave", "settle", "fail", "wait"), at: nat() }),
);

/** A run that has begun, and has not settled. */
interface Running {
  readonly context: ProbeContext;
  settle(): void;
  fail(): void;
}

const MAX_PER_TARGET = 2;

const MAX_IN_FLIGHT = 6;

/** A probe that settles when it is told to, and the runs that are alive. */
function createControlled() {
  const running = new Set<Running>();
  const state = { mostAtOnce: 0 };
  const probe: Probe["probe"] = (context) =>
    new Promise((resolve, reject) => {
      const run = {
        context,
        settle: () => resolve([UP_FAMILY]),
        fail: () => reject(new Error("Refused")),
      };
      running.add(run);
      const atTarget = [...running].filter(
        ({ context: { signal, target } }) => !signal.aborted && target.text === context.target.text,
      );
      state.mostAtOnce = Math.max(state.mostAtOnce, atTarget.length);
    });
  return { probe, running, state };
}

test("whatever happens, each request ends once, and nothing is left behind", async () => {
  await check(
    asyncProperty(array(EVENT, { maxLength: 40 }), async (events) => {
      const { probe, running, state } = createControlled();
      const { verdict, counts, counted } = createHarness({
        ...{ probe, modules: ["x", "y"], timeoutMs: 10_000 },
        ...{ maxPerTarget: MAX_PER_TARGET, maxInFlight: MAX_IN_FLIGHT },
      });
      const clients: (Client & { readonly isShort: boolean })[] = [];
      const answers: Promise<string | undefined>[] = [];
      const end = (run: Running | undefined, how: "settle" | "fail") => {
        if (run === undefined) return;
        running.delete(run);
        run[how]();
      };
      for (const event of events) {
        if (event.kind === "ask" && "target" in event) {
          const { target, module, timeoutSeconds } = event;
          const client = { ...createClient(), isShort: timeoutSeconds === SHORT_SECONDS };
          clients.push(client);
          const request = { timeoutSeconds, signal: client.signal };
          answers.push(verdict(`target=${target}&module=${module}`, request));
        } else if (event.kind === "leave") clients[event.at % clients.length]?.leave();
        else if (event.kind === "settle" || event.kind === "fail") {
          end([...running][event.at % running.size], event.kind);
        } else await tick();
        assert.ok(counts.inFlight <= MAX_IN_FLIGHT);
      }
      while (counts.inFlight > 0) {
        for (const run of [...running]) end(run, "settle");
        await tick();
      }
      assert.ok(state.mostAtOnce <= MAX_PER_TARGET);
      const given = await Promise.all(answers);
      for (const [index, answer] of given.entries()) {
        const client = clients[index];
        if (answer === undefined) assert.ok(client?.signal.aborted || client?.isShort);
        else assert.match(answer, /^(?:200 probe_success [01]|503 Too many probes at once)/);
      }
      const answered = given.filter((answer) => answer !== undefined).length;
      const total = counted().reduce((sum, line) => sum + Number(line.split(": ")[1]), 0);
      // A client may disconnect while it is told that its run was late.
      assert.ok(total >= answered && total <= answers.length, `${total} of ${answers.length}`);
    }),
    { numRuns: 200, includeErrorInReport: true },
  );
});
