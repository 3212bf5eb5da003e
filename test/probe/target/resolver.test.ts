import assert from "node:assert/strict";
import dns, { type LookupAddress } from "node:dns";
import { type TestContext, test } from "node:test";
import { LightSignal } from "../../../src/abort.ts";
import { MetricsError } from "../../../src/errors.ts";
import { createResolver, type Resolve } from "../../../src/probe/target/resolver.ts";
import { turns } from "../../helpers/turns.ts";

const ADDRESS: LookupAddress = { address: "192.0.2.1", family: 4 };

type Callback = (error: Error | null, addresses?: LookupAddress[]) => void;

/** Replaces the resolver of the system by one that answers when the test says so. */
function silentResolver(t: TestContext) {
  const questions: { readonly host: string; readonly options: object; answer: Callback }[] = [];
  t.mock.method(dns, "lookup", (host: string, options: object, answer: Callback) => {
    questions.push({ host, options, answer });
  });
  return questions;
}

/** Asks, and lists what it is answered. */
function ask(resolve: Resolve, host: string, options = {}, signal?: LightSignal): unknown[] {
  const answers: unknown[] = [];
  resolve(host, options, signal, (error, addresses) => answers.push(error ?? addresses));
  return answers;
}

test("equal questions at the same time are one", async (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  const answers = [1, 2, 3].map(() => ask(resolve, "a.lan", { family: 4, all: false }));
  const all = ask(resolve, "a.lan", { all: true, family: 4 });
  assert.deepEqual(
    questions.map(({ host, options }) => [host, options]),
    [["a.lan", { family: 4, all: true }]],
  );
  questions[0]?.answer(null, [ADDRESS]);
  await turns(1);
  assert.deepEqual([...answers, all], Array(4).fill([[ADDRESS]]));

  const [later] = [ask(resolve, "a.lan", { family: 4 })];
  assert.equal(questions.length, 2);
  questions[1]?.answer(new Error("ENOTFOUND"));
  await turns(1);
  assert.match(String(later), /ENOTFOUND/);
});

test("questions that differ are not one", (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  for (const options of [{}, { family: 4 }, { family: 6 }, { hints: 32 }, { verbatim: false }]) {
    ask(resolve, "a.lan", options);
  }
  ask(resolve, "b.lan");
  assert.equal(questions.length, 6);
});

test("a run that is over waits no longer, and the question goes on for others", async (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  const signal = new LightSignal();
  const gone = ask(resolve, "a.lan", {}, signal);
  const patient = ask(resolve, "a.lan");
  const reason = new Error("The deadline has passed");
  signal.abort(reason);
  assertOver(gone, reason);
  assert.deepEqual(patient, []);
  const late = ask(resolve, "a.lan", {}, new LightSignal());
  assert.equal(questions.length, 1);
  questions[0]?.answer(null, [ADDRESS]);
  await turns(1);
  assertOver(gone, reason);
  assert.deepEqual([patient, late], [[[ADDRESS]], [[ADDRESS]]]);
  const tooLate = ask(resolve, "a.lan", {}, signal);
  await turns(1);
  assertOver(tooLate, reason);
  assert.equal(questions.length, 1);
});

/** The only answer is an error, even if a run ends without a reason. */
function assertOver([error, ...others]: readonly unknown[], cause: unknown): void {
  assert.ok(error instanceof MetricsError);
  assert.deepEqual([error.message, error.cause], ["Cannot resolve a name: the run is over", cause]);
  assert.deepEqual(others, []);
}

test("a run that is over without a reason fails, too", (t) => {
  silentResolver(t);
  const signal = new LightSignal();
  const answers = ask(createResolver(), "a.lan", {}, signal);
  signal.abort(null);
  assertOver(answers, null);
});

test("a question that nobody waits for any longer is not asked again while it lasts", (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  for (let scrape = 0; scrape < 100; scrape++) {
    const signal = new LightSignal();
    ask(resolve, "dead.lan", {}, signal);
    signal.abort(new Error("late"));
  }
  assert.equal(questions.length, 1);
});

test("an answer that has been given is not taken back", async (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  const signal = new LightSignal();
  const answers = ask(resolve, "a.lan", {}, signal);
  questions[0]?.answer(null, [ADDRESS]);
  signal.abort(new Error("too late"));
  await turns(1);
  assert.deepEqual(answers, [[ADDRESS]]);
});

test("at most 1,024 questions are asked at once; a further one is refused until one is answered", async (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  for (let i = 0; i < 1_024; i++) ask(resolve, `host-${i}.lan`);
  const refused = ask(resolve, "one-too-many.lan");
  const known = ask(resolve, "host-7.lan");
  await turns(1);
  assert.match(String(refused), /too many names wait/);
  assert.deepEqual(known, []);
  assert.equal(questions.length, 1_024);
  questions[0]?.answer(null, [ADDRESS]);
  ask(resolve, "one-more.lan");
  assert.equal(questions.length, 1_025);
});

test("options that the system refuses leave no question behind", (t) => {
  const resolve = createResolver();
  for (let i = 0; i < 2; i++) {
    // Cast: the compiler would not let it through.
    assert.throws(() => ask(resolve, "a.lan", { family: 5 as 4 }), {
      code: "ERR_INVALID_ARG_VALUE",
    });
  }
  const questions = silentResolver(t);
  ask(resolve, "a.lan", { family: 5 });
  assert.equal(questions.length, 1);
});
