import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal } from "../../../../src/abort.ts";
import { ScrapeTimeoutError } from "../../../../src/errors.ts";
import { createTextEncoder } from "../../../../src/exposition/text/text.ts";
import type { GatherContext, GatherResult } from "../../../../src/model/gatherer.ts";
import type { MetricFamily } from "../../../../src/model/metric-family.ts";
import { UnavailableError } from "../../../../src/scrape/failure.ts";
import { UpdateLock } from "../../../../src/scrape/update-lock.ts";
import { sharedNow } from "../../../../src/server/thread/environment.ts";
import { packError } from "../../../../src/server/thread/error-parcel.ts";
import type { Answer } from "../../../../src/server/thread/messages.ts";
import { ApplicationGatherer } from "../../../../src/server/thread/serving/application-gatherer.ts";
import { gaugeOf } from "../../../helpers/families.ts";
import { encodeFamilies } from "../../../helpers/scraping/encode-families.ts";
import { createContext } from "../../../helpers/scraping/gathering.ts";
import { turns, turnsUntil } from "../../../helpers/turns.ts";
import { FakeApplication } from "./fake-application.ts";

const upOf = (value: number): MetricFamily => gaugeOf([{ labels: {}, value }], "up");

const FAILURE = { collector: "up", error: packError(new TypeError("No")), durationMs: 3 };

function textOf({ families }: GatherResult): string {
  return encodeFamilies(createTextEncoder("underscores"), [...families]).body;
}

interface Pair {
  readonly application: FakeApplication;
  readonly gatherer: ApplicationGatherer;
  readonly lock: UpdateLock;
  gather(changes?: Partial<GatherContext>): Promise<GatherResult>;
  /** Gathers, and lets the application answer. */
  gatherFrom(...args: Parameters<FakeApplication["answer"]>): Promise<GatherResult>;
}

async function withPair(
  run: (pair: Pair) => Promise<void>,
  {
    errorHandling = "fail",
    maxAgeMs = 60_000,
  }: { errorHandling?: "fail" | "continue"; maxAgeMs?: number } = {},
): Promise<void> {
  const application = new FakeApplication();
  const lock = new UpdateLock();
  const { conversation } = application;
  const facts = { path: "/metrics", params: ["target"], sourceNames: ["x"], hasCollectors: true };
  const parts = { conversation, lock, errorHandling, maxAgeMs };
  const gatherer = new ApplicationGatherer(facts, 3, parts);
  application.apply = (answer) => gatherer.apply(answer);
  const gather: Pair["gather"] = (changes) => gatherer.gather({ ...createContext(), ...changes });
  const gatherFrom: Pair["gatherFrom"] = async (...args) => {
    const [result] = await Promise.all([gather(), application.answer(...args)]);
    return result;
  };
  try {
    await run({ application, gatherer, lock, gather, gatherFrom });
  } finally {
    application.close();
  }
}

test("ApplicationGatherer is what the gatherer of the application is", () =>
  withPair(async ({ gatherer }) => {
    const { params, sourceNames, hasCollectors } = gatherer;
    assert.deepEqual(
      { params, sourceNames, hasCollectors },
      {
        params: ["target"],
        sourceNames: ["x"],
        hasCollectors: true,
      },
    );
  }));

test("ApplicationGatherer asks for what its scrape asks for", () =>
  withPair(async ({ application, gather }) => {
    const picked = { names: ["up"], pickedSources: new Set(["x"]), params: { target: "a" } };
    const gathering = gather({ ...picked, deadlineMs: 12_345, onCollected() {} });
    assert.deepEqual(await application.answer([upOf(1)]), {
      ...{ type: "want", n: 1, source: 3, deadlineMs: 12_345, wantsDurations: true },
      ...picked,
    });
    await gathering;
  }));

test("ApplicationGatherer passes on all that was answered", () =>
  withPair(
    async ({ application, gatherer }) => {
      const told: unknown[] = [];
      const context = {
        ...createContext(),
        onCollected: (...args: unknown[]) => told.push(args),
        report: (...args: unknown[]) => told.push(args),
      };
      const source = {
        collector: "x",
        labels: {},
        success: 1,
        durationSeconds: 1,
        failedAtMs: 2,
      } as const;
      const gathering = gatherer.gather(context);
      await application.answer([upOf(1)], {
        errors: [{ ...FAILURE, source: "x" }],
        sources: [source],
        durations: [["up", 5]],
        faults: [["up", "odd"]],
      });
      const result = await gathering;
      assert.equal(textOf(result), "# TYPE up gauge\nup 1\n");
      const error = new TypeError("No");
      assert.deepEqual(result.errors, [{ collector: "up", error, durationMs: 3, source: "x" }]);
      assert.deepEqual(result.sources, [source]);
      assert.deepEqual(told, [
        ["up", 5],
        ["up", "odd"],
      ]);
    },
    { errorHandling: "continue" },
  ));

test("the list of families stays the same object while they do", () =>
  withPair(async ({ gatherFrom }) => {
    const { families } = await gatherFrom([upOf(1)]);
    const next = await gatherFrom([upOf(2)]);
    assert.equal(next.families, families);
    assert.equal(textOf(next), "# TYPE up gauge\nup 2\n");
    assert.notEqual((await gatherFrom([upOf(2), gaugeOf([], "b")])).families, families);
  }));

test("while the application is stuck, the last answer is served, and its age is known", () =>
  withPair(async ({ application, gatherer, gather, gatherFrom }) => {
    await gatherFrom([upOf(1)]);
    assert.equal(gatherer.ageSeconds, 0);
    application.freeze();
    assert.equal(textOf(await gather()), "# TYPE up gauge\nup 1\n");
    assert.ok(gatherer.ageSeconds > 0);
    assert.equal(textOf(await gather({ names: ["up"] })), "# TYPE up gauge\nup 1\n");
  }));

test("while the application is stuck, what has changed since the last whole answer is served as it is now", () =>
  withPair(async ({ application, gather, gatherFrom }) => {
    await gatherFrom([upOf(1), gaugeOf([], "b")]);
    const gathering = gather({ names: ["up"] });
    const up: MetricFamily = { ...upOf(5), help: "Another." };
    const { n } = await application.next("want");
    const answer = application.answerOf(n, [up]);
    application.say({ ...answer, snapshot: { ...answer.snapshot, isPartial: true } });
    await gathering;
    application.freeze();
    const text = "# HELP up Another.\n# TYPE up gauge\nup 5\n# TYPE b gauge\n";
    assert.equal(textOf(await gather()), text);
  }));

test("an answer that comes too late is applied, and the next scrape gets it", () =>
  withPair(async ({ application, gatherer, gather, gatherFrom }) => {
    await gatherFrom([upOf(1)]);
    application.freeze();
    await gather();
    const { n } = await application.next("want");
    application.say(application.answerOf(n, [upOf(2)]));
    await turnsUntil("the answer to be applied", () => gatherer.ageSeconds === 0);
    assert.equal(textOf(await gather()), "# TYPE up gauge\nup 2\n");
  }));

test("of the questions that had no reply in time, only the last is still one", () =>
  withPair(async ({ application, gather, gatherFrom }) => {
    await gatherFrom([upOf(1)]);
    application.freeze();
    for (let n = 2; n <= 5; n++) await gather();
    assert.equal(application.heartbeat.firstOpen, 5);
  }));

test("a question that had no reply in time is abandoned when that is over", () =>
  withPair(async ({ application, gather, gatherFrom }) => {
    await gatherFrom([upOf(1)]);
    application.freeze();
    await gather({ deadlineMs: Date.now() + 30 });
    const { n } = await application.next("want");
    assert.deepEqual(await application.next("abandon"), { type: "abandon", n, isLate: true });
    assert.equal(application.heartbeat.firstOpen, n + 1);
  }));

test("the age is never less than that of the oldest metrics which are shown", () =>
  withPair(async ({ application, gatherer, gather, gatherFrom }) => {
    const now = sharedNow();
    const isAtLeast = (seconds: number) =>
      assert.ok(gatherer.ageSeconds >= seconds, `${gatherer.ageSeconds} s`);
    await gatherFrom([upOf(1), gaugeOf([], "b")], { readAtMs: now - 50_000 });
    const some = gather({ names: ["up"] });
    // Cast: nothing else of it is read.
    const snapshot = { isPartial: true } as Answer["snapshot"];
    await application.answer([upOf(2)], { snapshot, readAtMs: now - 1_000 });
    await some;
    application.freeze();
    // It has a family that was read later.
    assert.match(textOf(await gather()), /^up 2$/m);
    isAtLeast(50);
    // It has that family only, but the one before may still be under way.
    await gather({ names: ["up"] });
    isAtLeast(50);
  }));

test("metrics that are too old are not served", () =>
  withPair(
    async ({ application, gatherer, gather, gatherFrom }) => {
      await gatherFrom([upOf(1)], { readAtMs: 0 });
      application.freeze();
      await assert.rejects(gather(), UnavailableError);
      assert.equal(gatherer.ageSeconds, 0);
    },
    { maxAgeMs: 1 },
  ));

test("what a refused scrape did not get is served while the application is stuck", () =>
  withPair(async ({ application, gather, gatherFrom }) => {
    await gatherFrom([upOf(1)]);
    const refused = await gatherFrom([gaugeOf([], "b")], { errors: [FAILURE] });
    assert.equal(refused.errors?.length, 1);
    // For the page.
    assert.deepEqual(
      [...refused.families].map(({ name }) => name),
      ["b"],
    );
    application.freeze();
    const last = await gather();
    assert.equal(textOf(last), "# TYPE up gauge\nup 1\n");
    assert.deepEqual(last.errors, []);
  }));

test("what depends on values of a client is mirrored apart, and not remembered", () =>
  withPair(async ({ application, gather, gatherFrom }) => {
    await gatherFrom([upOf(1)]);
    const params = { target: "a" };
    const gathering = gather({ params });
    await application.answer([upOf(7)], { isSeparate: true });
    assert.equal(textOf(await gathering), "# TYPE up gauge\nup 7\n");
    application.freeze();
    assert.equal(textOf(await gather()), "# TYPE up gauge\nup 1\n");
    const signal = new LightSignal();
    const waiting = gather({ params, lightSignal: signal });
    const error = new ScrapeTimeoutError(5);
    signal.abort(error);
    await assert.rejects(waiting, error);
  }));

test("what the gatherer of the application throws is thrown here", () =>
  withPair(async ({ application, gather }) => {
    const gathering = gather();
    const { n } = await application.next("want");
    application.say({ type: "refused", n, error: packError(new RangeError("No")) });
    await assert.rejects(gathering, new RangeError("No"));
  }));

test("an answer changes nothing while something is read", () =>
  withPair(async ({ gatherFrom, lock }) => {
    const first = await gatherFrom([upOf(1)]);
    let text = "";
    const reader = {
      async finish() {
        text = textOf(first);
        lock.leave(reader);
      },
    };
    await lock.enter(reader, new LightSignal());
    const second = await gatherFrom([upOf(2)]);
    assert.equal(text, "# TYPE up gauge\nup 1\n");
    assert.equal(textOf(second), "# TYPE up gauge\nup 2\n");
  }));

test("a scrape reads its own answer, even if the next one has come with it", () =>
  withPair(async ({ application, gather, lock }) => {
    let goOn = () => {};
    const pause = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    void lock.update(() => pause, 60_000);
    const texts = Promise.all([gather().then(textOf), gather({ names: ["up"] }).then(textOf)]);
    const answers: Answer[] = [];
    for (const help of ["", "Another."]) {
      const { n } = await application.next("want");
      const up = gaugeOf([{ labels: { n: `${n}` }, value: n }], "up");
      answers.push(application.answerOf(n, [{ ...up, help }]));
    }
    for (const answer of answers) application.say(answer);
    await turns(5);
    goOn();
    assert.deepEqual(await texts, [
      '# TYPE up gauge\nup{n="1"} 1\n',
      '# HELP up Another.\n# TYPE up gauge\nup{n="2"} 2\n',
    ]);
  }));

test("an answer to a scrape of some families is not served to one of all", () =>
  withPair(async ({ application, gather, gatherFrom }) => {
    const other = gaugeOf([{ labels: {}, value: 1 }], "other");
    await gatherFrom([upOf(1), other]);
    const some = gather({ names: ["up"] });
    // Cast: nothing else of it is read.
    const snapshot = { isPartial: true } as Answer["snapshot"];
    await application.answer([upOf(2)], { snapshot });
    await some;
    application.freeze();
    assert.match(textOf(await gather()), /^other 1$/m);
  }));
