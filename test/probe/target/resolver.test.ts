import assert from "node:assert/strict";
import dns, { type LookupAddress } from "node:dns";
import { type TestContext, test } from "node:test";
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
function ask(resolve: Resolve, host: string, options = {}): unknown[] {
  const answers: unknown[] = [];
  resolve(host, options, (error, addresses) => answers.push(error ?? addresses));
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

test("what has replaced dns.lookup() may answer before it returns, and with one address", async (t) => {
  t.mock.method(
    dns,
    "lookup",
    (_host: string, _options: object, answer: (...args: unknown[]) => void) => {
      answer(null, ADDRESS.address, ADDRESS.family);
    },
  );
  const resolve = createResolver();
  for (let scrape = 0; scrape < 2; scrape++) {
    const answers = [ask(resolve, "a.lan"), ask(resolve, "a.lan")];
    assert.deepEqual(answers, [[], []]);
    await turns(1);
    assert.deepEqual(answers, [[[ADDRESS]], [[ADDRESS]]]);
  }
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

test("a question without an answer is not asked again at each scrape", (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  for (let scrape = 0; scrape < 100; scrape++) ask(resolve, "dead.lan");
  assert.equal(questions.length, 1);
});

test("at most 1,024 lookups wait at once; a further one fails until some are answered", async (t) => {
  const questions = silentResolver(t);
  const resolve = createResolver();
  for (let i = 0; i < 1_024; i++) ask(resolve, `host-${i % 600}.lan`);
  const refused = [ask(resolve, "host-1.lan"), ask(resolve, "other.lan")];
  await turns(1);
  assert.match(
    String(refused[0]),
    /Cannot resolve "host-1.lan": too many names have no answer yet/,
  );
  assert.match(String(refused[1]), /Cannot resolve "other.lan": too many/);
  assert.equal(questions.length, 600);
  questions[0]?.answer(null, [ADDRESS]);
  for (const host of ["other.lan", "another.lan", "host-1.lan"]) ask(resolve, host);
  // The answer freed two places.
  assert.equal(questions.length, 602);
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
