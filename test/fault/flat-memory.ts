import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { forkNode, TYPESCRIPT } from "../helpers/processes/fork-fixture.ts";
import { within } from "../helpers/within.ts";

/** What a process holds after garbage collections, in bytes. */
export interface Held {
  readonly heap: number;
  /** Array buffers, above all the blocks that are kept. */
  readonly buffers: number;
  readonly rss: number;
}

/** How a server is scraped, and by how much the median of what it holds may grow. */
export interface Load {
  /** The client library whose registry is served. */
  readonly library: string;
  /** The lines of an exposition. */
  readonly lines: number;
  /** How many scrapes lie between two exchanges of half of the series. */
  readonly exchangeEvery: number;
  /** The budget of what is kept between scrapes, in bytes. */
  readonly maxKeptBytes: number;
  /** How many scrapes are made before the first look. */
  readonly warmUp: number;
  readonly scrapes: number;
  /** How many scrapes are made at a time. */
  readonly concurrency: number;
  /** How often to look, at even distances. */
  readonly looks: number;
  readonly allowance: Pick<Held, "heap" | "rss">;
  /** The bounds of what array buffers take in the last third, in bytes. */
  readonly buffers: { readonly least: number; readonly most: number };
}

const MEBIBYTE = 1_024 * 1_024;

/** Small scrapes, four at a time: some series of an application that never rests. */
export const SMALL: Load = {
  library: "prom-client",
  lines: 100,
  exchangeEvery: 10,
  maxKeptBytes: MEBIBYTE,
  warmUp: 1_000,
  scrapes: 4_000,
  concurrency: 4,
  looks: 12,
  // The young generation and the code still grow: by 0.3 MB of heap and 12 MB of RSS on an idle
  // machine. A deadline that is not forgotten takes 0.9 kB.
  allowance: { heap: 1e6, rss: 24e6 },
  // Blocks take 0.1 MB. Without them, the memory of the chunks takes 0.6 MB.
  buffers: { least: 0, most: 0.3e6 },
};

/** Large scrapes, one at a time, before each of which half of the series are exchanged. */
export const LARGE: Load = {
  library: "@prometheus-io/client",
  lines: 100_000,
  exchangeEvery: 1,
  // Blocks take 10 MB, and twice as much while a client stalls.
  maxKeptBytes: 32 * MEBIBYTE,
  warmUp: 3,
  scrapes: 10,
  concurrency: 1,
  looks: 10,
  allowance: { heap: 1.5e6, rss: 24e6 },
  buffers: { least: 8e6, most: 16e6 },
};

/**
 * How often all scrapes are made again where RSS grew too much. The allocator settles late on some
 * machines: on one, RSS grew by 25 MB and no further. A leak goes on.
 */
const MAX_SPANS = 3;

/** A scrape or a look at 1,000,000 lines takes seconds on a busy machine. */
const LIMIT_MS = 120_000;

const FIXTURE = fileURLToPath(new URL("../fixtures/passing-series.ts", import.meta.url));

/**
 * Scrapes a server in a process of its own, and asserts that it holds as much in the last third of
 * the scrapes as in the first. Returns what it held at each look.
 */
export async function assertFlat(load: Load): Promise<readonly Held[]> {
  const args = [load.library, load.lines, load.exchangeEvery, load.maxKeptBytes].map(String);
  const child = forkNode(["--expose-gc", "--import", TYPESCRIPT, FIXTURE, ...args]);
  const { port } = JSON.parse(await child.line("listening ", LIMIT_MS));
  const agent = new Agent({ keepAlive: true });
  const looks: Held[] = [];
  try {
    await scrape(agent, port, { from: 0, to: load.warmUp, concurrency: load.concurrency });
    for (let from = load.warmUp; !isOver(looks, load); ) {
      const to = from + Math.round(load.scrapes / load.looks);
      await scrape(agent, port, { from, to, concurrency: load.concurrency });
      from = to;
      // Blocks that a scrape did not get to may hold series that were removed, for one scrape more.
      await readAll(agent, port);
      child.tell("held");
      looks.push(JSON.parse(await child.line(`held ${looks.length + 1} `, LIMIT_MS)));
    }
    child.tell("end");
    const { code, stderr } = await child.exit();
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
  } finally {
    agent.destroy();
    child.signal("SIGKILL");
  }
  assertSame(growthOf(looks, load), load);
  return looks;
}

/** Whether the scrapes were made as often as it takes. */
function isOver(looks: readonly Held[], load: Load): boolean {
  if (looks.length === 0 || looks.length % load.looks !== 0) return false;
  const { first, last } = growthOf(looks, load);
  return looks.length === MAX_SPANS * load.looks || last.rss - first.rss < load.allowance.rss;
}

interface Growth {
  readonly first: Held;
  readonly last: Held;
}

/** What was held in the first and the last third of the last scrapes. */
function growthOf(looks: readonly Held[], load: Load): Growth {
  const span = looks.slice(-load.looks);
  const third = Math.floor(span.length / 3);
  return { first: medians(span.slice(0, third)), last: medians(span.slice(-third)) };
}

function assertSame({ first, last }: Growth, { allowance, buffers }: Load): void {
  const became = (what: keyof Held) =>
    `${what}: ${toMegabytes(first[what])} became ${toMegabytes(last[what])} MB`;
  assert.ok(last.heap - first.heap < allowance.heap, became("heap"));
  assert.ok(last.rss - first.rss < allowance.rss, became("rss"));
  // A loan that is never given back counts against the budget, until no block is kept any more.
  assert.ok(last.buffers >= buffers.least && last.buffers <= buffers.most, became("buffers"));
}

function medians(looks: readonly Held[]): Held {
  const of = (what: keyof Held) => {
    const sorted = looks.map((held) => held[what]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] as number;
  };
  return { heap: of("heap"), buffers: of("buffers"), rss: of("rss") };
}

/** Writes bytes as megabytes, with one decimal. */
export function toMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

type Client = (agent: Agent, port: number) => Promise<void>;

/** Whole scrapes and compressed ones, and one each that is cut off, or stalls and resumes. */
const CLIENTS: readonly Client[] = [
  (agent, port) => readAll(agent, port),
  (agent, port) => readAll(agent, port, { "Accept-Encoding": "gzip" }),
  cutOff,
  stallAndResume,
  leaveAtOnce,
];

interface Turns {
  readonly from: number;
  readonly to: number;
  readonly concurrency: number;
}

async function scrape(agent: Agent, port: number, { from, to, concurrency }: Turns): Promise<void> {
  let next = from;
  const work = async () => {
    while (next < to) await within("a scrape", clientOf(next++)(agent, port), LIMIT_MS);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

function clientOf(turn: number): Client {
  return CLIENTS[turn % CLIENTS.length] as Client;
}

async function readAll(agent: Agent, port: number, headers = {}): Promise<void> {
  await readOn(await open(agent, port, headers));
}

async function readOn(response: IncomingMessage): Promise<void> {
  for await (const _ of response);
  assert.equal(response.statusCode, 200);
  assert.equal(response.complete, true);
}

async function cutOff(agent: Agent, port: number): Promise<void> {
  const response = await open(agent, port);
  await once(response, "readable");
  await closed(response.on("error", () => {}).destroy());
}

/** While it stalls, another scrape comes along, for which the values change. */
async function stallAndResume(agent: Agent, port: number): Promise<void> {
  const response = await open(agent, port);
  await once(response, "readable");
  await readAll(agent, port);
  await readOn(response);
}

async function leaveAtOnce(agent: Agent, port: number): Promise<void> {
  const outgoing = request({ port, host: "127.0.0.1", path: "/metrics", agent });
  outgoing.on("error", () => {}).end();
  await once(outgoing, "finish");
  await setImmediate();
  await closed(outgoing.destroy());
}

/** Resolves even where an error comes first: `once()` would reject. */
async function closed(stream: IncomingMessage | ClientRequest): Promise<void> {
  if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
}

async function open(agent: Agent, port: number, headers = {}): Promise<IncomingMessage> {
  const outgoing = request({ port, host: "127.0.0.1", path: "/metrics", agent, headers });
  // Of a response that has begun, it is told again.
  outgoing.on("error", () => {}).end();
  try {
    // What `once` resolves with is what the event has: here one response.
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    return response;
  } catch (error) {
    // The server may close an idle connection at the moment at which it is used again.
    if (outgoing.reusedSocket) return open(agent, port, headers);
    throw error;
  }
}
