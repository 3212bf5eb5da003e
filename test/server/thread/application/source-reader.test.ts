import assert from "node:assert/strict";
import { test } from "node:test";
import { ScrapeTimeoutError } from "../../../../src/errors.ts";
import type { GatherContext, Gatherer } from "../../../../src/model/gatherer.ts";
import type { ValueMetric } from "../../../../src/model/metric-family.ts";
import { OpenQuestion } from "../../../../src/server/thread/application/open-question.ts";
import { sharedNow } from "../../../../src/server/thread/environment.ts";
import { unpackError } from "../../../../src/server/thread/error-parcel.ts";
import { gaugeOf, longFamily, UP_FAMILY } from "../../../helpers/families.ts";
import { createGate } from "../../../helpers/gate.ts";
import { blockingGatherer, gathererWith } from "../../../helpers/gatherers.ts";
import { tick } from "../../../helpers/turns.ts";
import { Asking, sourceOf } from "./asking.ts";

test("an answer has the values of all families, and a layout only where one has changed", async () => {
  const metrics: (ValueMetric & { value: number })[] = [{ labels: { a: "1" }, value: 1 }];
  const asking = new Asking(sourceOf(gathererWith(gaugeOf(metrics), UP_FAMILY)));
  const first = await asking.ask();
  assert.deepEqual(first.lines, ["g 1 1", "up 1"]);
  assert.ok(first.readAtMs <= sharedNow());
  metrics.push({ labels: { a: "2" }, value: 2 });
  assert.deepEqual((await asking.ask({ n: 2 })).lines, ["g 1 1", "g 2 2", "up 1"]);
  for (const metric of metrics) metric.value += 10;
  const third = await asking.ask({ n: 3 });
  assert.deepEqual(third.lines, ["g 1 11", "g 2 12", "up 1"]);
  assert.deepEqual(third.snapshot.layout, []);
  assert.deepEqual(third.snapshot.numbers, { count: 3 });
});

test("a question that names families gets only these, and is told to the gatherer", async () => {
  let context: GatherContext | undefined;
  const gatherer: Gatherer = {
    gather(given) {
      context = given;
      return { families: [UP_FAMILY, gaugeOf([{ labels: {}, value: 7 }])] };
    },
  };
  const asking = new Asking(sourceOf(gatherer));
  const { lines, snapshot } = await asking.ask({ names: ["g"] });
  assert.deepEqual(lines, ["g 7"]);
  assert.equal(snapshot.isPartial, true);
  assert.deepEqual(
    [context?.names, context?.isRequested("g", "gauge"), context?.isRequested("up", "gauge")],
    [["g"], true, false],
  );
  assert.deepEqual([context?.path, context?.params], ["/metrics", Object.create(null)]);
  const all = await asking.ask({ n: 2 });
  assert.deepEqual([all.lines, all.snapshot.isPartial], [["up 1", "g 7"], false]);
});

test("a question that picks sources is partial", async () => {
  const { pickedSources, snapshot } = await (async () => {
    let picked: GatherContext["pickedSources"];
    const gather = ({ pickedSources }: GatherContext) => {
      picked = pickedSources;
      return { families: [UP_FAMILY] };
    };
    const answer = await new Asking(sourceOf({ gather })).ask({ pickedSources: new Set(["a"]) });
    return { ...answer, pickedSources: picked };
  })();
  assert.deepEqual([pickedSources, snapshot.isPartial], [new Set(["a"]), true]);
});

test("a question with parameters gets a snapshot of its own, and the next one is none the wiser", async () => {
  const gather = ({ params }: GatherContext) => ({
    families: [gaugeOf([{ labels: { of: params["of"] ?? "all" }, value: 1 }])],
  });
  const asking = new Asking(sourceOf({ gather, params: ["of"] }));
  await asking.ask();
  const separate = await asking.ask({ n: 2, params: { of: "db" } });
  assert.deepEqual([separate.isSeparate, separate.lines], [true, ["g db 1"]]);
  const third = await asking.ask({ n: 3 });
  assert.deepEqual(
    [third.isSeparate, third.lines, third.snapshot.layout],
    [false, ["g all 1"], []],
  );
});

test("failures, sources, durations and faults come with the answer", async () => {
  const error = new RangeError("broken");
  const source = {
    collector: "s",
    labels: {},
    success: 1,
    durationSeconds: 1,
    failedAtMs: 2,
  } as const;
  const gather = ({ report, onCollected }: GatherContext) => {
    report("f", "odd");
    onCollected?.("c", 5);
    const errors = [{ collector: "c", error, durationMs: 5, source: "s" }];
    return { families: [UP_FAMILY, UP_FAMILY], errors, sources: [source] };
  };
  const asking = new Asking(sourceOf({ gather }, { errorHandling: "continue" }));
  const answer = await asking.ask({ wantsDurations: true });
  assert.deepEqual(answer.lines, ["up 1"]);
  assert.deepEqual(answer.faults, [
    ["f", "odd"],
    ["up", "another family is already called up"],
  ]);
  assert.deepEqual(answer.durations, [["c", 5]]);
  assert.deepEqual(answer.sources, [source]);
  const [failure] = answer.errors;
  assert.deepEqual([failure?.collector, failure?.durationMs, failure?.source], ["c", 5, "s"]);
  assert.ok(failure && unpackError(failure.error) instanceof RangeError);
  assert.deepEqual((await asking.ask({ n: 2 })).durations, []);
});

test("where a failure fails the scrape, only a page gets the families", async () => {
  let errors = [{ collector: "c", error: "no" }];
  const asking = new Asking(sourceOf({ gather: () => ({ families: [UP_FAMILY], errors }) }));
  const failed = await asking.ask();
  assert.deepEqual([failed.lines, failed.snapshot.isPartial], [[], true]);
  const page = await asking.ask({ n: 2, wantsDurations: true });
  assert.deepEqual([page.lines, page.snapshot.isPartial], [["up 1"], true]);
  errors = [];
  assert.deepEqual((await asking.ask({ n: 3 })).lines, ["up 1"]);
});

test("what this thread counts is served behind the families", async () => {
  const furtherFamilies = [gaugeOf([{ labels: {}, value: 3 }])];
  const asking = new Asking(sourceOf(gathererWith(UP_FAMILY), { furtherFamilies }));
  assert.deepEqual((await asking.ask()).lines, ["up 1", "g 3"]);
  assert.deepEqual((await asking.ask({ n: 2, names: ["up"] })).lines, ["up 1"]);
});

test("a slow question holds up no other", async () => {
  const slow = blockingGatherer();
  let asked = 0;
  const gather: Gatherer["gather"] = (context) =>
    asked++ === 0 ? slow.gather(context) : { families: [UP_FAMILY] };
  const asking = new Asking(sourceOf({ gather }));
  const first = asking.ask({ n: 1 });
  await asking.ask({ n: 2 });
  slow.release();
  await first;
  assert.deepEqual(
    asking.got.map(({ n }) => n),
    [2, 1],
  );
});

test("collectors that are late are told so, and the answer says it", async () => {
  const question = new OpenQuestion();
  const gather = async ({ signal }: GatherContext) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return { families: [UP_FAMILY], errors: [{ collector: "c", error: signal.reason }] };
  };
  const asking = new Asking(sourceOf({ gather }, { errorHandling: "continue" }));
  const asked = asking.ask({}, question);
  question.abandon(true);
  const { lines, errors } = await asked;
  assert.deepEqual(lines, ["up 1"]);
  assert.ok(errors[0] && unpackError(errors[0].error) instanceof ScrapeTimeoutError);
});

test("a question that nobody waits for is not walked for", async () => {
  const slow = blockingGatherer();
  const question = new OpenQuestion();
  const asking = new Asking(sourceOf(slow));
  const asked = asking.ask({}, question);
  const signal = await slow.started();
  question.abandon(false);
  assert.equal(signal.aborted, true);
  slow.release();
  await assert.rejects(asked, (thrown) => thrown === question.all.reason);
  assert.deepEqual(asking.got, []);
});

test("no values are read while an update runs", async () => {
  let value = 1;
  const family = gaugeOf({
    *[Symbol.iterator]() {
      yield { labels: {}, value };
    },
  });
  const asking = new Asking(sourceOf(gathererWith(family)));
  const { promise, open } = createGate();
  const update = asking.lock.update(async () => {
    value = -1;
    await promise;
    value = 2;
  }, 60_000);
  const asked = asking.ask();
  await tick();
  assert.deepEqual(asking.got, []);
  open();
  await update;
  assert.deepEqual((await asked).lines, ["g 2"]);
});

test("what a gatherer or a metric throws is thrown, and the next answer is whole", async () => {
  let fault: "gather" | "read" | undefined = "gather";
  const family = gaugeOf({
    *[Symbol.iterator]() {
      yield { labels: {}, value: 1 };
      if (fault === "read") throw new Error("while reading");
    },
  });
  const gather = () => {
    if (fault === "gather") throw new Error("while gathering");
    return { families: [UP_FAMILY, family] };
  };
  const asking = new Asking(sourceOf({ gather }));
  await assert.rejects(asking.ask(), /while gathering/);
  fault = "read";
  await assert.rejects(asking.ask(), /while reading/);
  fault = undefined;
  assert.deepEqual((await asking.ask()).lines, ["up 1", "g 1"]);
});

test("the numbers of an answer that has not been taken are not written over", async () => {
  let value = 0;
  const family = gaugeOf({
    *[Symbol.iterator]() {
      yield { labels: {}, value: ++value };
    },
  });
  const asking = new Asking(sourceOf(gathererWith(family)));
  await Promise.all([1, 2, 3].map((n) => asking.ask({ n })));
  assert.deepEqual(
    asking.got.flatMap(({ lines }) => lines),
    ["g 1", "g 2", "g 3"],
  );
});

test("a large layout goes ahead in pieces, and the end of it with the answer", async () => {
  const asking = new Asking(sourceOf(gathererWith(longFamily({ count: 200 }))));
  let pieces = 0;
  const { push } = asking.ahead;
  asking.ahead.push = (...given) => {
    pieces++;
    return push.apply(asking.ahead, given);
  };
  const { lines, snapshot } = await asking.ask();
  assert.equal(lines.length, 200);
  assert.ok(pieces > 2, `${pieces} pieces`);
  assert.equal(snapshot.layout.length, 1);
  assert.deepEqual((await asking.ask({ n: 2 })).lines, lines);
});

test("faults of one answer are bounded", async () => {
  const gather = ({ report }: GatherContext) => {
    for (let index = 0; index < 10_000; index++) report("f", `fault ${index}`);
    return { families: [UP_FAMILY] };
  };
  const { faults } = await new Asking(sourceOf({ gather })).ask();
  assert.equal(faults.length, 1_000);
});
