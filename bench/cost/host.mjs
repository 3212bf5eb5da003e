// What every measured process has beside its metrics endpoint: a filled registry, a route of the
// application's own, and ears for the runner.
import { createServer } from "node:http";
import { fill } from "./shapes.mjs";

/** The share of the label sets that the application touches between two scrapes. */
export const TOUCHED_SHARE = 0.1;

const SEED = 42;

/** When the event loop is stuck after it was asked to, and for how long, in milliseconds. */
const STUCK = { startsInMs: 20, lastsMs: 5_000 };

/**
 * Fills a registry with the shape that the command line names, and starts the endpoint. The values
 * are the same in every process.
 *
 * @param {typeof import("prom-client")} client
 * @param {unknown} registry
 * @param {(port: number) => Promise<number>} listen Starts the endpoint, and gives its port.
 * @param {Record<string, () => unknown>} more What else it may be asked for.
 */
export async function host(client, registry, listen, more = {}) {
  const [shape = "S", port = "0"] = process.argv.slice(2);
  const touch = fillShape(client, registry, shape);
  let life;
  const ports = { port: await listen(Number(port)), applicationPort: await startApplication() };
  let probe;
  const answers = { block: () => probe.stop(), stick: () => STUCK, ...more };
  process.on("message", async ({ ask }) => {
    if (ask === "touch") touch(TOUCHED_SHARE);
    if (ask === "live") life = touchEvenly(touch);
    if (ask === "rest") clearInterval(life);
    if (ask === "stick") setTimeout(stick, STUCK.startsInMs);
    if (ask === "gc") globalThis.gc?.();
    if (ask === "probe") probe = startProbe();
    process.send?.({ ask, answer: (await answers[ask]?.()) ?? {} });
  });
  process.on("disconnect", () => process.exit());
  console.log(ports.port);
  process.send?.({ ask: "start", answer: ports });
}

/** Starts a `node:http` server, and gives its port. */
export function listenHttp(server, port) {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve(server.address().port));
  });
}

/** Fills a registry, with the same values in every process, and returns what touches its label sets. */
export function fillShape(client, registry, shape) {
  Math.random = createRandom(SEED);
  if (shape === "G") {
    for (let index = 0; index < 1_000; index++) {
      new client.Gauge({ name: `gauge_${index}`, help: "A gauge.", registers: [registry] }).set(
        index,
      );
    }
    return () => {};
  }
  if (shape === "S") client.collectDefaultMetrics?.({ register: registry });
  return fill(client, registry, shape === "S0" ? "S" : shape);
}

/**
 * Touches a tenth of the label sets each second, a few every 10 ms. All at once would block the
 * event loop for 8 to 50 ms, and the application's p99 would be that of the benchmark.
 */
function touchEvenly(touch) {
  const ticks = 100;
  let tick = 0;
  return setInterval(() => {
    touch(TOUCHED_SHARE, tick / ticks, (tick + 1) / ticks);
    tick = (tick + 1) % ticks;
  }, 1_000 / ticks);
}

function stick() {
  const end = performance.now() + STUCK.lastsMs;
  while (performance.now() < end);
}

function startApplication() {
  const server = createServer((_request, response) => response.end("ok"));
  return listenHttp(server, 0);
}

/**
 * Watches how long the event loop is blocked, with a timer of 1 ms.
 *
 * @param clock The time in milliseconds.
 */
export function startProbe(clock = () => performance.now()) {
  let longestMs = 0;
  let last = clock();
  const look = () => {
    const now = clock();
    longestMs = Math.max(longestMs, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  return {
    /** Leaves out what has blocked it since the last look. */
    forgive() {
      last = clock();
    },
    stop() {
      look();
      clearInterval(timer);
      return longestMs;
    },
  };
}

/** The generator mulberry32: the same numbers in every process. */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
