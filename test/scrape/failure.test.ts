import assert from "node:assert/strict";
import { test } from "node:test";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { blameOn, explainFailure } from "../../src/scrape/failure.ts";
import { QueryError } from "../../src/scrape/name-filter.ts";

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

test("blameOn() gives what the work gives", async () => {
  assert.equal(await blameOn("gathering", async () => 1), 1);
  assert.equal(
    blameOn("gathering", () => 1),
    1,
  );
});

test("blameOn() blames what is thrown at once, too", () => {
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

test("explainFailure() blames the encoding for what nobody else is blamed for", () => {
  for (const error of [ERROR, "text", undefined]) {
    assert.deepEqual(explainFailure(error, NEVER), { status: 500, cause: "encoding", error });
  }
});

test("explainFailure() answers 400 for a query that cannot be read, and counts no error", () => {
  const error = new QueryError("The query is too long");
  assert.deepEqual(explainFailure(error, NEVER), { status: 400, error });
});

test("explainFailure() answers 503 when time is up, whatever was thrown", async () => {
  const timeout = new ScrapeTimeoutError(10);
  const signal = AbortSignal.abort(timeout);
  const expected = { status: 503, cause: "timeout", error: timeout };
  for (const thrown of [timeout, ERROR, await blamed("encoding", ERROR), new QueryError("x")]) {
    assert.deepEqual(explainFailure(thrown, signal), expected);
  }
});

test("explainFailure() explains nothing when the client has left", () => {
  assert.equal(explainFailure(ERROR, AbortSignal.abort()), undefined);
});
