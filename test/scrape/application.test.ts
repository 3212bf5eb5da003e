import assert from "node:assert/strict";
import { test } from "node:test";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import type { Gatherer } from "../../src/model/gatherer.ts";
import { withHook } from "../../src/scrape/application.ts";
import { createContext } from "../helpers/scraping/gathering.ts";
import { tick } from "../helpers/turns.ts";

const FAMILY = { name: "g", help: "", type: "gauge", metrics: [] } as const;
const GOOD: Gatherer = { gather: () => ({ families: [FAMILY] }) };

test("withHook() runs the hook to its end before the collectors", async () => {
  const order: string[] = [];
  const gatherer: Gatherer = {
    gather() {
      order.push("collectors");
      return { families: [FAMILY] };
    },
  };
  const hooks = [
    () => order.push("hook"),
    async () => {
      await tick();
      order.push("hook");
    },
  ];
  for (const hook of hooks) {
    order.length = 0;
    const result = await withHook(gatherer, hook).gather(createContext());
    assert.deepEqual(result, { families: [FAMILY], errors: [] });
    assert.deepEqual(order, ["hook", "collectors"]);
  }
});

test("withHook() passes the signal to the hook and the context to the gatherer", async () => {
  const context = createContext();
  const seen: unknown[] = [];
  const gatherer: Gatherer = {
    gather(given) {
      seen.push(given);
      return { families: [] };
    },
  };
  await withHook(gatherer, ({ signal }) => seen.push(signal)).gather(context);
  assert.equal(seen[0], context.signal);
  assert.equal(seen[1], context);
});

for (const how of ["throws", "rejects"]) {
  test(`withHook() returns an error beside those of the collectors when the hook ${how}`, async () => {
    const hook = () => {
      const error = new Error("down");
      if (how === "throws") throw error;
      return Promise.reject(error);
    };
    const other = { collector: "queue", error: "late" };
    const gatherer: Gatherer = { gather: () => ({ families: [FAMILY], errors: [other] }) };
    const { families, errors } = await withHook(gatherer, hook).gather(createContext());
    assert.deepEqual(families, [FAMILY]);
    assert.equal(errors?.length, 2);
    const [{ collector, error, durationMs } = assert.fail(), second] = errors ?? [];
    assert.deepEqual([collector, error], ["onScrape", new Error("down")]);
    assert.ok(durationMs !== undefined && durationMs >= 0);
    assert.equal(second, other);
  });
}

test("withHook() abandons a hook that never settles when the signal aborts", async () => {
  const controller = new AbortController();
  const reason = new ScrapeTimeoutError(5);
  const done = withHook(GOOD, () => new Promise(() => {})).gather(createContext(controller.signal));
  await tick();
  controller.abort(reason);
  const { errors } = await done;
  assert.deepEqual(
    errors?.map(({ collector, error }) => [collector, error]),
    [["onScrape", reason]],
  );
});

test("withHook() does not run the collectors when all clients have disconnected", async () => {
  const controller = new AbortController();
  const gatherer: Gatherer = { gather: () => assert.fail("a collector ran") };
  const hooked = withHook(gatherer, () => new Promise(() => {}));
  const done = hooked.gather(createContext(controller.signal));
  controller.abort(new Error("gone"));
  await assert.rejects(async () => done, { message: "gone" });
});

test("withHook() throws what the gatherer throws", async () => {
  const gatherer: Gatherer = { gather: () => Promise.reject(new Error("down")) };
  const gathering = async () => withHook(gatherer, () => {}).gather(createContext());
  await assert.rejects(gathering, { message: "down" });
});
