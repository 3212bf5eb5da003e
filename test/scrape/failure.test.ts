import assert from "node:assert/strict";
import { test } from "node:test";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { blameOn, explainFailure, QueryError } from "../../src/scrape/failure.ts";

const NEVER = new AbortController().signal;
const ERROR = new Error("the disk is on fire");

/** What `blameOn` makes of an error. */
async function blamed(stage: "gathering" | "encoding", error: unknown): Promise<unknown> {
  try {
    return await blameOn(stage, () => Promise.reject(error));
  } catch (thrown) {
    return thrown;
  }
}

test("blameOn() returns what the work returns", async () => {
  assert.equal(await blameOn("gathering", async () => 1), 1);
  assert.equal(
    blameOn("gathering", () => 1),
    1,
  );
});

test("blameOn() also blames what is thrown synchronously", () => {
  const fail = () => {
    throw ERROR;
  };
  assert.throws(() => blameOn("gathering", fail), {
    message: "The gathering failed",
    cause: ERROR,
  });
});

for (const stage of ["gathering", "encoding"] as const) {
  test(`explainFailure() answers 500 for an error of the ${stage}`, async () => {
    for (const error of [ERROR, "text", undefined, null, 0]) {
      const failure = explainFailure(await blamed(stage, error), NEVER);
      assert.deepEqual(failure, { status: 500, cause: stage, error });
    }
  });
}

test("explainFailure() blames the encoding when no stage is to blame", () => {
  for (const error of [ERROR, "text", undefined]) {
    assert.deepEqual(explainFailure(error, NEVER), { status: 500, cause: "encoding", error });
  }
});

test("explainFailure() answers 400 for a query that cannot be read, without a cause", () => {
  const error = new QueryError("The query is too long");
  assert.deepEqual(explainFailure(error, NEVER), { status: 400, error });
});

test("explainFailure() answers 503 on timeout, whatever was thrown", async () => {
  const timeout = new ScrapeTimeoutError(10);
  const signal = AbortSignal.abort(timeout);
  const expected = { status: 503, cause: "timeout", error: timeout };
  for (const thrown of [timeout, ERROR, await blamed("encoding", ERROR), new QueryError("x")]) {
    assert.deepEqual(explainFailure(thrown, signal), expected);
  }
});

test("explainFailure() returns undefined when the client has disconnected", () => {
  assert.equal(explainFailure(ERROR, AbortSignal.abort()), undefined);
});
