import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LightSignal } from "../../src/abort.ts";
import { createEndpoint, type Endpoint, type EndpointParts } from "../../src/endpoint/endpoint.ts";
import type { GroupEndpoint } from "../../src/endpoint/group-endpoint.ts";
import { createLateEndpoint } from "../../src/endpoint/late-endpoint.ts";
import { createLog } from "../../src/log.ts";
import { resolveHandlerOptions } from "../../src/options/rules.ts";
import type { ScrapeRequest, ScrapeResponse } from "../../src/scrape/exchange.ts";
import { gaugeOf } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turns } from "../helpers/turns.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

function requestWith(more: Partial<ScrapeRequest> = {}): ScrapeRequest {
  return {
    isHead: false,
    query: "",
    accept: undefined,
    acceptEncoding: undefined,
    timeoutSeconds: undefined,
    signal: new LightSignal(),
    ...more,
  };
}

function textOf(response: ScrapeResponse | undefined): string {
  if (response === undefined) return "";
  const text = Buffer.from(response.body as Uint8Array).toString();
  response.end();
  return text;
}

function partsOf(name: string, timeoutMs: number, recorder = createRecorder()): EndpointParts {
  const options = resolveHandlerOptions({ selfMetrics: false, timeoutMs });
  const gatherer = gathererWith(gaugeOf([{ labels: {}, value: 1 }], name));
  return { gatherer, options, log: createLog(recorder), paths: [] };
}

/** A late endpoint, and the group that it is to join. */
function createLate(timeoutMs = 30_000) {
  const recorder = createRecorder();
  const parts = partsOf("own", timeoutMs, recorder);
  const alone = createEndpoint(parts);
  const events: string[] = [];
  const received: ScrapeRequest[] = [];
  const all = createEndpoint(partsOf("all", timeoutMs));
  const group: GroupEndpoint = {
    ...all,
    role: "hub",
    place: undefined,
    scrape(request) {
      received.push(request);
      return all.scrape(request);
    },
    setFailing: (message) => void events.push(`failing ${message}`),
    setOk: () => void events.push("ok"),
    targets: () => ({ status: 200, text: "[]" }),
    join: async () => {},
    leave: async () => void events.push("left"),
    close: () => void events.push("closed"),
  };
  const gate = createGate();
  const joining = { resolve: gate.open, promise: gate.promise.then(() => group) };
  const late: Endpoint = createLateEndpoint(parts, alone, joining.promise);
  return { late, joined: joining.resolve, events, received, log: recorder.lines };
}

test("a scrape waits until the group has been joined, and has what is left of its time", async () => {
  const { late, joined, received, log } = createLate();
  const scraping = late.scrape(requestWith({ timeoutSeconds: "10" }));
  await turns(3);
  const timeouts = () => received.map(({ timeoutSeconds }) => timeoutSeconds);
  assert.deepEqual(timeouts(), []);
  joined();
  assert.equal(textOf(await scraping), "# TYPE all gauge\nall 1\n");
  const rest = Number(timeouts()[0]);
  assert.ok(rest > 0 && rest < 10, `${rest} s`);
  // From now on nothing is in between.
  assert.equal(textOf(await late.scrape(requestWith())), "# TYPE all gauge\nall 1\n");
  assert.equal(timeouts()[1], undefined);
  assert.deepEqual(log, []);
});

test("HEAD waits, too", async () => {
  const { late, joined, received } = createLate();
  const scraping = late.scrape(requestWith({ isHead: true }));
  await turns(3);
  joined();
  assert.equal((await scraping)?.status, 200);
  assert.equal(received[0]?.isHead, true);
});

test("a scrape whose time is over before that is answered with 503, and logged", async () => {
  const { late, joined, received, log } = createLate(30);
  const response = await late.scrape(requestWith());
  assert.equal(response?.status, 503);
  // Joining does not cut it off while it is being sent.
  joined();
  await turns(3);
  assert.equal(response?.signal.aborted, false);
  assert.match(textOf(response), /could not be gathered in time/);
  assert.match(log.join(), /^error promhttp: The scrape failed: ScrapeTimeoutError/);
  assert.deepEqual(received, []);
});

test("a scrape whose client disconnects meanwhile is dropped", async () => {
  const { late, joined, received, log } = createLate();
  const signal = new LightSignal();
  const scraping = late.scrape(requestWith({ signal }));
  await turns(3);
  signal.abort(new Error("gone"));
  assert.equal(await scraping, undefined);
  joined();
  await turns(3);
  assert.deepEqual([received, log], [[], []]);
});

test("what the application says before that is said to the group", async () => {
  const { late, joined, events } = createLate();
  late.setFailing("disk");
  late.setOk();
  late.setReady(false);
  assert.equal(late.isReady(), false);
  const updating = late.update(() => events.push("updated"));
  assert.deepEqual(events, []);
  joined();
  await updating;
  assert.deepEqual(events, ["failing disk", "ok", "updated"]);
});

test("targets are known when the group has been joined", async () => {
  const { late, joined } = createLate();
  const asking = late.targets?.({} as never, undefined);
  joined();
  assert.deepEqual(await asking, { status: 200, text: "[]" });
});

test("an endpoint that is closed leaves the group, then answers for itself", async () => {
  for (const isEarly of [true, false]) {
    const { late, joined, events, received } = createLate();
    if (!isEarly) {
      joined();
      await turns(3);
    }
    void late.close();
    if (isEarly) joined();
    await turns(3);
    assert.deepEqual(events, ["left", "closed"]);
    assert.equal(textOf(await late.scrape(requestWith())), "# TYPE own gauge\nown 1\n");
    assert.deepEqual(received, []);
  }
});

test("a process that cannot join serves itself, and says so", async () => {
  const recorder = createRecorder();
  const parts = partsOf("own", 30_000, recorder);
  const joining = Promise.reject(new Error("no folder"));
  const late = createLateEndpoint(parts, createEndpoint(parts), joining);
  assert.equal(textOf(await late.scrape(requestWith())), "# TYPE own gauge\nown 1\n");
  assert.equal((await late.targets?.({} as never, undefined))?.status, 404);
  await late.close();
  assert.equal(recorder.lines.length, 1);
  assert.match(
    recorder.lines[0] ?? "",
    /^error promhttp: Cannot join the other workers; this one is a target of its own: Error: no folder/,
  );
});
