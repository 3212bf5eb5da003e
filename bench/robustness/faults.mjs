import { THE_END } from "./rivals/metrics.mjs";
import { exchange, LIMIT_MS, open, request, scrape, sleep, Target, until } from "./target.mjs";

/**
 * The faults, each with what is wrong with the application (`none` where only clients misbehave)
 * and a function that gives a verdict: `ok`, or what a user would say of it.
 */
export const FAULTS = [
  { name: "`GET //`", inflict: refuses(request("//", ["Connection: close"])) },
  { name: "`GET http://[`", inflict: refuses(request("http://[", ["Connection: close"])) },
  {
    name: "`Host: a b`",
    inflict: answers(request("/metrics", ["Host: a b", "Connection: close"])),
  },
  { name: "`Host: [`", inflict: answers(request("/metrics", ["Host: [", "Connection: close"])) },
  {
    name: "two `Host` headers",
    inflict: refuses(request("/metrics", ["Host: a", "Host: b", "Connection: close"])),
  },
  { name: "a URL of 64 KiB", inflict: refuses(request(`/${"x".repeat(65_536)}`)) },
  {
    name: "a TLS ClientHello",
    inflict: refuses("\x16\x03\x01\x02\x00\x01\x00\x01\xfc".padEnd(517)),
  },
  {
    name: "both `Content-Length` and `Transfer-Encoding`",
    inflict: refuses(
      `${request("/metrics", ["Content-Length: 4", "Transfer-Encoding: chunked"], "POST")}0\r\n\r\n`,
    ),
  },
  {
    name: "`POST /metrics`",
    inflict: refuses(request("/metrics", ["Content-Length: 0", "Connection: close"], "POST")),
  },
  { name: "a body of 100 MB", inflict: hugeBody },
  { name: "request headers that never end", inflict: endlessHead },
  { name: "an idle connection between two scrapes, 15 s apart", inflict: idleConnection },
  { name: "10,000 requests in one write", inflict: flood },
  { name: "1,000 idle connections", inflict: manyConnections },
  { name: "100 clients that disconnect mid-response", app: "large", inflict: leavers },
  { name: "no file descriptors left (`ulimit -n 40`)", files: 40, inflict: noFiles },
  { name: "a port in use", start: false, inflict: takenPort },
  { name: "a collector that throws", app: "throws", inflict: failure },
  { name: "a collector that rejects", app: "rejects", inflict: failure },
  { name: "a collector that never settles", app: "hangs", inflict: neverSettles },
  { name: "a label that throws when it is read", app: "label", inflict: failure },
  { name: "a scraper that asks for OpenMetrics", inflict: openMetrics },
  { name: "a scraper that cannot read OpenMetrics", inflict: textOnly },
  { name: "a scraper that asks for gzip", app: "large", inflict: gzip },
  { name: "`HEAD /metrics` of a large registry", app: "large", inflict: head },
];

/** A request that makes no sense gets an error. */
function refuses(bytes) {
  return async ({ port }) => {
    const received = await exchange(port, bytes);
    if (received === undefined) return "hang";
    return /^HTTP\/1\.1 2/.test(received) ? "accepts" : "ok";
  };
}

/** A request that is odd, but clear, gets any answer. */
function answers(bytes) {
  return async ({ port }) => {
    const received = await exchange(port, bytes);
    if (received === undefined) return "hang";
    return /^HTTP\/1\.1 \d/.test(received) ? "ok" : "no answer";
  };
}

async function hugeBody({ port }) {
  const size = 100_000_000;
  const client = open(port, request("/metrics", [`Content-Length: ${size}`], "POST"));
  const piece = Buffer.alloc(1_000_000);
  let sent = 0;
  const isOver = () => client.isClosed || client.error !== undefined;
  while (sent < size && !isOver()) {
    client.socket.write(piece);
    sent += piece.length;
    await until(() => isOver() || client.socket.writableLength < piece.length);
  }
  client.socket.destroy();
  return sent < size ? "ok" : "reads it all";
}

async function endlessHead({ port }) {
  const client = open(port, "GET /metrics HTTP/1.1\r\nHost: test\r\n");
  const timer = setInterval(() => client.socket.write("X: 1\r\n"), 100);
  const isRefused = await until(() => client.isClosed, 15_000);
  clearInterval(timer);
  client.socket.destroy();
  return isRefused ? "ok" : "holds it over 15 s";
}

async function idleConnection({ port }) {
  const client = open(port, request("/metrics"));
  await until(() => client.received.includes(THE_END));
  await sleep(15_000);
  const isOpen = !client.isClosed;
  client.socket.destroy();
  return isOpen ? "ok" : "closes it";
}

async function flood({ port }) {
  const client = open(port, request("/metrics").repeat(10_000));
  client.socket.pause();
  await sleep(100);
  const startedAt = performance.now();
  await scrape(port, [], 30_000);
  const waited = performance.now() - startedAt;
  client.socket.destroy();
  return waited < 1_000 ? "ok" : `others wait ${seconds(waited)}`;
}

async function manyConnections({ port }) {
  const clients = Array.from({ length: 1_000 }, () => open(port));
  await until(() => clients.every(({ socket, isClosed }) => isClosed || !socket.connecting));
  await sleep(500);
  const held = clients.filter(({ isClosed }) => !isClosed).length;
  for (const { socket } of clients) socket.destroy();
  return held < 1_000 ? "ok" : "holds them all";
}

async function leavers({ port }) {
  for (let count = 0; count < 100; count++) {
    const client = open(port, request("/metrics"));
    await until(() => client.received !== "" || client.isClosed);
    client.socket.resetAndDestroy();
  }
  return "ok";
}

async function noFiles(target) {
  const before = await target.cpuSeconds();
  const clients = Array.from({ length: 100 }, () => open(target.port));
  await sleep(2_000);
  const used = (await target.cpuSeconds()) - before;
  for (const { socket } of clients) socket.destroy();
  await until(() => clients.every(({ isClosed }) => isClosed));
  return used < 1 ? "ok" : "spins";
}

/** The rivals' scripts wait where the library lets them, and have no handlers of their own. */
async function takenPort(_target, rival) {
  const owner = await Target.start(rival, "none");
  const second = await Target.start(rival, "none", { port: owner.port });
  await until(() => second.exit !== undefined, 2_000);
  const verdict = verdictOfStart(second);
  await second.stop();
  await owner.stop();
  return verdict;
}

function verdictOfStart({ exit, output }) {
  if (exit === undefined) return "says nothing";
  // An error that nobody can catch comes from an event, one that can be caught from the await.
  return /Unhandled 'error' event/.test(output) ? "**crash**" : "ok";
}

async function failure({ port }) {
  const { status, body } = await scrape(port);
  if (status === 0) return "no answer";
  if (status === 200) return body.includes(THE_END) ? "hides it (200)" : "misleads (part)";
  if (body.includes("1234")) return "leaks the message";
  return "ok";
}

async function neverSettles({ port }) {
  const { status } = await scrape(port, ["X-Prometheus-Scrape-Timeout-Seconds: 2"], LIMIT_MS);
  return status === 0 ? "hang" : "ok";
}

/** A counter is called `requests` there, and its sample `requests_total`. */
async function openMetrics({ port }) {
  const accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.1";
  const { contentType, body } = await scrape(port, [accept]);
  if (contentType.startsWith("text/plain")) return soundText(body) ? "text instead" : "misleads";
  const isSound = body.endsWith("# EOF\n") && /^# TYPE requests counter$/m.test(body);
  return contentType.startsWith("application/openmetrics-text") && isSound ? "ok" : "misleads";
}

async function textOnly({ port }) {
  const { contentType, body } = await scrape(port, ["Accept: text/plain;version=0.0.4"]);
  if (contentType.startsWith("application/openmetrics-text")) return "not what was asked for";
  return soundText(body) ? "ok" : "misleads";
}

function soundText(body) {
  return /^# TYPE requests_total counter$/m.test(body) && !body.includes("# EOF");
}

async function gzip({ port }) {
  const { head } = await scrape(port, ["Accept-Encoding: gzip"]);
  return /^content-encoding: gzip/im.test(head) ? "ok" : "sends it plain";
}

async function head(target) {
  const ask = () =>
    exchange(target.port, request("/metrics", ["Connection: close"], "HEAD"), LIMIT_MS);
  await ask();
  const before = await target.cpuSeconds();
  for (let count = 0; count < 20; count++) {
    const received = await ask();
    if (received === undefined) return "hang";
    if (!received.endsWith("\r\n\r\n")) return "sends a body";
  }
  const used = (await target.cpuSeconds()) - before;
  return used < 0.2 ? "ok" : "gathers for nothing";
}

function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}
