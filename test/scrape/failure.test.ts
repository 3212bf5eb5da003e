import assert from "node:assert/strict";
import { test } from "node:test";
import type { Signal } from "../../src/abort.ts";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { Alarm } from "../../src/scrape/alarm.ts";
import type { ScrapeRequest, ScrapeResponse } from "../../src/scrape/exchange.ts";
import { blameOn, explainFailure, sendFailure } from "../../src/scrape/failure.ts";
import { QueryError } from "../../src/scrape/name-filter.ts";
import { mockClock } from "../helpers/mock-clock.ts";

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

const REQUEST: ScrapeRequest = {
  isHead: false,
  query: "",
  accept: "application/openmetrics-text",
  acceptEncoding: "gzip",
  timeoutSeconds: undefined,
  signal: NEVER,
};

const TEXTS = {
  400: "The query cannot be read.\n",
  500: "The metrics could not be gathered. See the log of the process.\n",
  503: "The metrics could not be gathered in time. See the log of the process.\n",
} as const;

for (const status of [400, 500, 503] as const) {
  test(`sendFailure() sends a fixed text with ${status}, as plain text whatever was asked for`, async () => {
    const responses: ScrapeResponse[] = [];
    await sendFailure(
      status,
      REQUEST,
      async (response) => void responses.push(response),
      new Alarm(),
    );
    assert.deepEqual(responses, [
      {
        status,
        headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" },
        body: new TextEncoder().encode(TEXTS[status]),
      },
    ]);
  });
}

test("sendFailure() tells a client that comes at a busy time when to try again", async () => {
  const responses: ScrapeResponse[] = [];
  await sendFailure(
    "busy",
    REQUEST,
    async (response) => void responses.push(response),
    new Alarm(),
  );
  assert.deepEqual(responses, [
    {
      status: 503,
      headers: {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        "Retry-After": "1",
      },
      body: new TextEncoder().encode("Too many scrapes at once. Try again.\n"),
    },
  ]);
});

test("sendFailure() gives the client a second of its own, and no more", async (t) => {
  const clock = mockClock(t);
  let signal: Signal = NEVER;
  const sent = sendFailure(
    503,
    REQUEST,
    (_response, deadline) =>
      new Promise((resolve) => {
        signal = deadline;
        deadline.addEventListener("abort", () => resolve());
      }),
    new Alarm(),
  );
  clock.tick(999);
  assert.equal(signal.aborted, false);
  clock.tick(1);
  assert.equal(signal.aborted, true);
  await sent;
});

test("sendFailure() stops when the client leaves", async () => {
  const client = new AbortController();
  const request = { ...REQUEST, signal: client.signal };
  const sent = sendFailure(
    500,
    request,
    (_response, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve());
        client.abort();
      }),
    new Alarm(),
  );
  await sent;
});

test("sendFailure() passes on that the response could not be sent", async () => {
  const failed = sendFailure(500, REQUEST, () => Promise.reject(ERROR), new Alarm());
  await assert.rejects(failed, ERROR);
});
