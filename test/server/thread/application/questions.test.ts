import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { Gatherer } from "../../../../src/model/gatherer.ts";
import type { AuthorizeRequest } from "../../../../src/options/security.ts";
import type { Scrape, ScrapeRequest } from "../../../../src/scrape/exchange.ts";
import { UpdateLock } from "../../../../src/scrape/update-lock.ts";
import { type Answering, Questions } from "../../../../src/server/thread/application/questions.ts";
import { unpackError } from "../../../../src/server/thread/error-parcel.ts";
import { Heartbeat } from "../../../../src/server/thread/heartbeat.ts";
import type {
  FromApplication,
  SentAuthorizeRequest,
  SentRequest,
} from "../../../../src/server/thread/messages.ts";
import { selfSigned } from "../../../helpers/certificates.ts";
import { UP_FAMILY } from "../../../helpers/families.ts";
import { blockingGatherer, countingGatherer } from "../../../helpers/gatherers.ts";
import { turns, turnsUntil } from "../../../helpers/turns.ts";
import { sourceOf, wantOf } from "./asking.ts";

/** Questions, and what was said to them. */
function ask(gatherer: Gatherer, details: Partial<Answering> = {}) {
  const said: FromApplication[] = [];
  const heartbeat = new Heartbeat();
  const answering: Answering = {
    sources: [sourceOf(gatherer)],
    probes: new Map(),
    authorize: undefined,
    lock: new UpdateLock(),
    heartbeat,
    ...details,
  };
  const questions = new Questions(answering, (message, transfer = []) => {
    said.push(structuredClone(message, { transfer: [...transfer] }));
  });
  const types = () => said.map(({ type }) => type);
  return { questions, heartbeat, said, types };
}

const REQUEST: SentRequest = {
  isHead: false,
  query: "target=a",
  accept: undefined,
  acceptEncoding: undefined,
  timeoutSeconds: undefined,
};

test("a question is said to be under way when it is not answered within a turn", async () => {
  const slow = blockingGatherer();
  const { questions, types } = ask(slow);
  questions.take(wantOf());
  await turns(2);
  assert.deepEqual(types(), ["collecting"]);
  slow.release();
  await turnsUntil("the answer", () => types().length === 2);
  assert.deepEqual(types(), ["collecting", "answer"]);
});

test("where nothing has to be waited for, a question is answered before its message is done with", async () => {
  const { questions, types } = ask({ gather: () => ({ families: [UP_FAMILY] }) });
  // After such a pause, work has a whole slice of the event loop.
  await setTimeout(5);
  questions.take(wantOf());
  assert.deepEqual(types(), ["answer"]);
  await turns(2);
  assert.deepEqual(types(), ["answer"]);
});

test("what nobody waits for any longer is not gathered for", async () => {
  const gatherer = countingGatherer();
  const { questions, heartbeat, types } = ask(gatherer);
  heartbeat.firstOpen = 3_600;
  for (let n = 1; n <= 3_600; n++) questions.take(wantOf({ n }));
  await turnsUntil("the answer", () => types().includes("answer"));
  assert.equal(gatherer.calls, 1);
  assert.equal(types().filter((type) => type === "answer").length, 1);
});

test("a message that comes shows that the event loop turns", async () => {
  const { questions, heartbeat } = ask(countingGatherer());
  assert.ok(heartbeat.ageMs() > 0);
  questions.take({ type: "knock" });
  const age = heartbeat.ageMs();
  assert.ok(age < 60_000, `${age} ms`);
});

test("what a gatherer throws is the answer, without a word before", async () => {
  const { questions, said } = ask({
    gather() {
      throw new RangeError("broken");
    },
  });
  questions.take(wantOf({ n: 7 }));
  await turns(2);
  const [message, ...others] = said;
  assert.ok(message?.type === "refused" && message.n === 7);
  assert.deepEqual(others, []);
  assert.ok(unpackError(message.error) instanceof RangeError);
});

test("a question that was abandoned is not answered", async () => {
  const slow = blockingGatherer();
  const { questions, types } = ask(slow);
  questions.take(wantOf());
  const signal = await slow.started();
  await turns(2);
  questions.take({ type: "abandon", n: 1, isLate: false });
  assert.equal(signal.aborted, true);
  slow.release();
  await turns(2);
  assert.deepEqual(types(), ["collecting"]);
  // It is over already.
  questions.take({ type: "abandon", n: 1, isLate: false });
});

test("all questions are abandoned when their thread has ended", async () => {
  const slow = blockingGatherer();
  const { questions, types } = ask(slow);
  questions.take(wantOf());
  const signal = await slow.started();
  questions.close();
  slow.fail(new Error("too late"));
  await turns(2);
  assert.equal(signal.aborted, true);
  assert.deepEqual(types(), []);
});

test("an unknown source is refused", async () => {
  const { questions, types } = ask(countingGatherer());
  questions.take({ ...wantOf(), source: 5 });
  await turns(2);
  assert.deepEqual(types(), ["refused"]);
});

for (const [what, decision, expected] of [
  ["true", true, "true"],
  ["a promise of true", Promise.resolve(true), "true"],
  ["false", false, "false"],
  ["1", 1, "false"],
  ["undefined", undefined, "false"],
] as const) {
  test(`authorize() that returns ${what} lets in: ${expected}`, async () => {
    // Cast: a program without types may return anything.
    const authorize = (() => decision) as Answering["authorize"];
    const { questions, said } = ask(countingGatherer(), { authorize });
    const request = { method: "GET", path: "/metrics", headers: {}, remoteAddress: undefined };
    questions.take({ type: "authorize", n: 3, request });
    await turns(2);
    assert.deepEqual(said, [{ type: "authorized", n: 3, isAllowed: expected === "true" }]);
  });
}

test("authorize() gets the request with a real certificate", async () => {
  let got: AuthorizeRequest | undefined;
  const authorize = (request: AuthorizeRequest) => {
    got = request;
    return true;
  };
  const { questions, types } = ask(countingGatherer(), { authorize });
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const own = new X509Certificate(selfSigned().cert);
  const request: SentAuthorizeRequest = {
    method: "GET",
    path: "/metrics",
    headers: { a: "b" },
    remoteAddress: "::1",
    certificate: structuredClone(new Uint8Array(own.raw)),
  };
  questions.take({ type: "authorize", n: 3, request });
  await turns(2);
  assert.deepEqual(types(), ["authorized"]);
  assert.equal(got?.certificate?.fingerprint256, own.fingerprint256);
  assert.deepEqual([got?.path, got?.headers, got?.remoteAddress], ["/metrics", { a: "b" }, "::1"]);
});

test("authorize() that throws refuses the question", async () => {
  const authorize = () => Promise.reject(new TypeError("no"));
  const { questions, said } = ask(countingGatherer(), { authorize });
  const request = { method: "GET", path: "/metrics", headers: {}, remoteAddress: undefined };
  questions.take({ type: "authorize", n: 3, request });
  await turns(2);
  assert.ok(said[0]?.type === "refused" && unpackError(said[0].error) instanceof TypeError);
});

test("authorize() is waited for no longer than its answer is", async () => {
  let decide: (isAllowed: boolean) => void = () => {};
  const decision = new Promise<boolean>((resolve) => {
    decide = resolve;
  });
  const { questions, types } = ask(countingGatherer(), { authorize: () => decision });
  const request = { method: "GET", path: "/metrics", headers: {}, remoteAddress: undefined };
  questions.take({ type: "authorize", n: 3, request });
  questions.take({ type: "abandon", n: 3, isLate: false });
  await turns(2);
  decide(true);
  await turns(2);
  assert.deepEqual(types(), []);
});

test("the whole response of a probe is sent, and its memory is given back", async () => {
  const asked: ScrapeRequest[] = [];
  const ends: unknown[][] = [];
  const chunks = [Buffer.from("a 1\n"), Buffer.from("b 2\n")];
  const scrape: Scrape = (request) => {
    asked.push(request);
    const body = { next: () => chunks.splice(0, 1)[0], stop() {} };
    return {
      status: 200,
      headers: { "Content-Type": "text/plain" },
      body: { next: () => ((chunk) => chunk && [chunk])(body.next()), stop() {} },
      signal: request.signal,
      end: (...failure) => void ends.push(failure),
    };
  };
  const { questions, said } = ask(countingGatherer(), { probes: new Map([["/probe", scrape]]) });
  questions.take({ type: "probe", n: 4, path: "/probe", request: REQUEST });
  await turnsUntil("the response", () => said.length > 0);
  const [message] = said;
  assert.ok(message?.type === "probed" && message.response);
  assert.equal(Buffer.from(message.response.body).toString(), "a 1\nb 2\n");
  assert.deepEqual(message.response.headers, { "Content-Type": "text/plain" });
  assert.deepEqual([asked[0]?.query, ends], ["target=a", [[]]]);
});

test("a probe whose client has gone is told so", async () => {
  let signal: ScrapeRequest["signal"] | undefined;
  const scrape: Scrape = async (request) => {
    signal = request.signal;
    await new Promise<void>((resolve) => request.signal.addEventListener("abort", resolve));
    return undefined;
  };
  const { questions, types } = ask(countingGatherer(), { probes: new Map([["/probe", scrape]]) });
  questions.take({ type: "probe", n: 4, path: "/probe", request: REQUEST });
  questions.take({ type: "abandon", n: 4, isLate: false });
  await turns(2);
  assert.equal(signal?.aborted, true);
  assert.deepEqual(types(), ["probed"]);
});

test("a probe that cannot be read refuses the question", async () => {
  const scrape: Scrape = ({ signal }) => ({
    status: 200,
    headers: {},
    body: {
      next() {
        throw new Error("broken");
      },
      stop() {},
    },
    signal,
    end() {},
  });
  const { questions, types } = ask(
    { gather: () => ({ families: [UP_FAMILY] }) },
    {
      probes: new Map([["/probe", scrape]]),
    },
  );
  questions.take({ type: "probe", n: 4, path: "/probe", request: REQUEST });
  questions.take({ type: "probe", n: 5, path: "/other", request: REQUEST });
  await turns(2);
  assert.deepEqual(types(), ["refused", "refused"]);
});
