import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { decompress } from "../exposition/compression/helpers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { type HttpAnswer, httpGet } from "../helpers/http/http-get.ts";
import { parseExposition, parseProtobuf } from "../judge/index.ts";

const FOLDER = new URL("../../examples/", import.meta.url);

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
const UTF8 = "; escaping=allow-utf-8";

/** A scrape of an example, and what it must show. */
interface Scrape {
  /** @default "/metrics" */
  readonly path?: string;
  /** @default the header of `curl` */
  readonly accept?: string;
  /** The `Content-Type` that the scrape must get. @default text */
  readonly type?: string;
  /** The content encoding that is asked for and must be had. @default none */
  readonly encoding?: "gzip";
  readonly shows: RegExp | ((body: Buffer) => void);
}

const EXAMPLES: Readonly<Record<string, readonly [Scrape, ...Scrape[]]>> = {
  "basic.mjs": [{ shows: /^jobs_total\{queue="mail"\} 1$/m }],
  "custom-registry.mjs": [{ path: "/custom", shows: /^basket_items\{app="shop"\} 3$/m }],
  "demo.mjs": [{ shows: /^machine_disk_bytes\{state="free"\} \d+$/m }],
  "exporter.mjs": [{ shows: /^host_load1 [\d.]+$/m }, { shows: /^host_memory_free_bytes \d+$/m }],
  "express.mjs": [{ shows: /^visits_total 0$/m }],
  "failing-status.mjs": [{ shows: /^entropy_available_bits \d+$/m }, { shows: /^entropy_up 1$/m }],
  "fastify.mjs": [{ shows: /^visits_total 0$/m }],
  "formats.mjs": [
    { shows: /^process_cpu_seconds_total \d/m, encoding: "gzip" },
    // Of two formats that a scraper likes equally, the first on offer.
    {
      accept: `${TEXT}, ${OPENMETRICS}`,
      type: `${OPENMETRICS}; escaping=underscores`,
      shows: /^# EOF$/m,
    },
    { accept: `${PROTOBUF}, text/plain;q=0.1`, shows: /^process_cpu_seconds_total \d/m },
    {
      path: "/metrics?name[]=nodejs_version_info&name[]=process_cpu_seconds_total",
      shows:
        /^# HELP process_cpu_\w+ [^#]*# TYPE [^#]*# HELP nodejs_version_info [^#]*# TYPE [^#]*$/,
    },
  ],
  "gatherer.mjs": [{ shows: /^queue_length\{queue="mail"\} 3$/m }],
  "graceful-shutdown.mjs": [{ shows: /^requests_total 0$/m }],
  "hono.mjs": [{ shows: /^visits_total 0$/m }],
  "koa.mjs": [{ shows: /^visits_total 0$/m }],
  "migrate-route.mjs": [
    { shows: /^process_cpu_seconds_total \d/m },
    { path: "/metrics?name[]=process_cpu_seconds_total", shows: /^process_cpu_seconds_total \d/m },
  ],
  "named-sources.mjs": [
    { shows: /^cpu_cores \d+$.*^room_celsius\{room="kitchen"\} 21.5$/ms },
    {
      path: "/metrics?collect[]=rooms&room=office",
      shows:
        /^# HELP room_celsius [^#]*# TYPE room_celsius gauge\nroom_celsius\{room="office"\} 19\n# HELP promhttp/,
    },
    {
      path: "/metrics?exclude[]=rooms",
      shows: /^promhttp_scrape_collector_success\{collector="cpu"\} 1$/m,
    },
  ],
  "native-histograms.mjs": [
    { accept: `${PROTOBUF}${UTF8}`, type: `${PROTOBUF}${UTF8}`, shows: showsNativeHistogram },
    { shows: /^http_server_request_duration_bucket\{le="\+Inf",http_route="\/"\} 4$/m },
  ],
  "nestjs.mjs": [{ shows: /^process_cpu_seconds_total \d/m }],
  "openmetrics-exemplars.mjs": [
    {
      accept: OPENMETRICS,
      type: `${OPENMETRICS}; escaping=underscores`,
      shows: /^orders_total 1 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 1 \d+(\.\d+)?$/m,
    },
    {
      accept: OPENMETRICS,
      type: `${OPENMETRICS}; escaping=underscores`,
      shows: /^request_duration_seconds_bucket\{le="0\.5"\} 1 # \{trace_id="\w+"\} 0\.42 [\d.]+$/m,
    },
    { shows: /^request_duration_seconds_bucket\{le="0\.5"\} 1$/m },
  ],
  "preload-app.mjs": [
    { shows: /^shop_visits_total 0$/m },
    { shows: /^process_cpu_seconds_total\{worker="0"\} [\d.]+$/m },
  ],
  "opentelemetry.mjs": [
    { shows: /^shop_orders_total\{shop_name="n",otel_scope_name="shop"\} 1$/m },
    { shows: /^shop_packing_seconds_bucket\{le="5",otel_scope_name="shop"\} 1$/m },
    {
      accept: `${OPENMETRICS}${UTF8}`,
      type: `${OPENMETRICS}${UTF8}`,
      shows: /^# UNIT shop_packing_seconds seconds$/m,
    },
  ],
  "opentelemetry-both.mjs": [
    { shows: /^process_cpu_seconds_total \d/m },
    { shows: /^shop_orders_total\{otel_scope_name="shop"\} 1$/m },
  ],
  "opentelemetry-exponential.mjs": [
    { accept: PROTOBUF, type: PROTOBUF, shows: showsExponential },
    { shows: /^shop_packing_seconds_bucket\{le="2",otel_scope_name="shop"\} 3$/m },
  ],
  // Its names are those of OpenTelemetry's exporter, also for a scraper that takes dots.
  "opentelemetry-exporter.mjs": [
    { shows: /^shop_visits_total\{otel_scope_name="shop"\} 0$/m },
    {
      accept: `text/plain; version=1.0.0${UTF8}`,
      type: `text/plain; version=1.0.0; charset=utf-8${UTF8}`,
      shows: /^shop_visits_total\{otel_scope_name="shop"\} 0$/m,
    },
  ],
  "periodic-update.mjs": [
    { shows: /^disk_bytes\{state="free"\} \d+\ndisk_bytes\{state="used"\} \d+$/m },
  ],
  "quickstart.mjs": [{ shows: /^process_cpu_seconds_total \d/m }],
  "several-registries.mjs": [
    { shows: /^requests_total\{team="orders"\} 2\nrequests_total\{team="billing"\} 5$/m },
  ],
  "utf8-names.mjs": [
    {
      accept: `${OPENMETRICS}${UTF8}`,
      type: `${OPENMETRICS}${UTF8}`,
      shows: /^\{"process\.memory\.usage","service\.name"="shop"\} \d+$/m,
    },
    { shows: /^process_memory_usage\{service_name="shop"\} \d+$/m },
    { path: "/metrics?name[]=process.memory.usage", shows: /^process_memory_usage\{/m },
    {
      path: "/metrics?name[]=up&name[]=promhttp_metric_handler_errors_total",
      shows: /^# HELP promhttp_metric_handler_errors_total [^#]*# TYPE [^#]*$/,
    },
  ],
  "wait-for-request.mjs": [
    { shows: /^cpu_busy_seconds\{cpu="0"\} [\d.]+$/m },
    { shows: /^cpu_idle_seconds\{cpu="0"\} [\d.]+$/m },
  ],
};

/** The examples that need more than a port, each with a test of its own, here or in another file. */
const OTHERS = [
  "cluster-nestjs.mjs",
  "cluster.mjs",
  "https.mjs",
  "piscina.mjs",
  "push.mjs",
  "secure-mount.mjs",
  "secure.mjs",
  "thread.mjs",
  "threads.mjs",
];

/** How to run the examples that do not serve themselves; the others are read from standard input. */
const COMMANDS: Readonly<Record<string, (file: string, port: number) => readonly string[]>> = {
  "exporter.mjs": (file, port) => ["dist/cli.js", `--web.listen-address=127.0.0.1:${port}`, file],
  "preload-app.mjs": (file) => ["--import", "promhttp/register", file],
};

test("every example has a test", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".mjs"));
  assert.deepEqual(files.sort(), [...Object.keys(EXAMPLES), ...OTHERS].sort());
});

for (const [name, scrapes] of Object.entries(EXAMPLES)) {
  test(`the example ${name} serves its metrics and stops on SIGTERM`, async () => {
    const port = await freePort();
    const child = start(name, "9464", port);
    try {
      for (const scrape of scrapes) {
        const { path = "/metrics", accept = "*/*", encoding = "identity" } = scrape;
        const headers = { accept, "accept-encoding": encoding };
        const url = `http://127.0.0.1:${port}${path}`;
        assertShows(await firstAnswer(url, headers, child, SIGNS[name]), scrape);
      }
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
}

test("the route of the example nextjs answers a request", async () => {
  const module: { readonly GET: (request: Request) => Promise<Response> } = await import(
    new URL("nextjs/app/metrics/route.js", FOLDER).href
  );
  const { GET } = module;
  const response = await GET(new Request("http://localhost:3000/metrics"));
  assert.equal(response.headers.get("Content-Type"), TEXT);
  assert.match(await response.text(), /^process_cpu_seconds_total \d/m);
});

test("the example push.mjs pushes its metrics, and ends", async () => {
  await using gateway = await startGateway();
  const child = start("push.mjs", "9091", gateway.port);
  assert.deepEqual(await once(child, "exit"), [0, null]);
  const [push] = gateway.pushed;
  assert.equal(push?.request, "PUT /metrics/job/import");
  assert.equal(push.contentType, TEXT);
  const families = parseExposition(TEXT, push.body);
  assert.deepEqual(families.map(({ name }) => name).sort(), [
    "import_end_seconds",
    "import_rows_total",
  ]);
});

interface Push {
  readonly request: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** A server that stands in for a Pushgateway. */
async function startGateway(): Promise<
  AsyncDisposable & { readonly port: number; readonly pushed: readonly Push[] }
> {
  const pushed: Push[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const contentType = request.headers["content-type"];
    pushed.push({ request: `${request.method} ${request.url}`, contentType, body });
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    port: address.port,
    pushed,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Starts an example with another port than its own. */
function start(name: string, ownPort: string, port: number): ChildProcess {
  const source = readFileSync(new URL(name, FOLDER), "utf8").replaceAll(ownPort, `${port}`);
  assert.match(source, /^\/\/ [A-Z].*\.\n/);
  const args = COMMANDS[name]?.(`examples/${name}`, port) ?? ["--input-type=module"];
  const child = spawn(process.execPath, args, {
    cwd: new URL("..", FOLDER),
    env: { ...process.env, PROMHTTP_ADDRESS: `127.0.0.1:${port}`, PORT: "0" },
    stdio: ["pipe", "ignore", name in COMMANDS ? "ignore" : "inherit"],
  });
  child.stdin.end(source);
  return child;
}

function assertShows({ status, headers, body }: HttpAnswer, scrape: Scrape): void {
  const { type = TEXT, encoding, shows } = scrape;
  assert.equal(status, 200);
  assert.equal(headers["content-type"], type);
  assert.equal(headers["content-encoding"], encoding);
  const plain = encoding === undefined ? body : decompress(body, encoding);
  parseExposition(type, plain);
  if (typeof shows === "function") shows(plain);
  else assert.match(plain.toString(), shows);
}

function showsNativeHistogram(body: Buffer): void {
  const [family] = parseProtobuf(body, { utf8Names: true });
  assert.equal(family?.name, "http.server.request.duration");
  const [metric] = family.metrics;
  assert.deepEqual(metric?.labels, new Map([["http.route", "/"]]));
  const { schema = 0, positiveSpans = [], positiveDeltas } = metric?.histogram ?? {};
  assert.deepEqual(positiveDeltas, [2, -1, 0]);
  // The bucket of 0.3 seconds, the second, has it between its bounds.
  const [first, second] = positiveSpans;
  const index = Number(first?.offset) + Number(first?.length) + Number(second?.offset);
  const upperBound = 2 ** (index * 2 ** -schema);
  assert.ok(upperBound > 0.3 && upperBound < 0.33, `${upperBound}`);
}

function showsExponential(body: Buffer): void {
  const family = parseProtobuf(body).find(({ name }) => name === "shop_packing_seconds");
  const { histogram } = family?.metrics[0] ?? {};
  assert.deepEqual(histogram?.positiveDeltas, [1, 0, 0, 0]);
}

/** What the preload serves only when the application has been loaded. */
const SIGNS: Readonly<Record<string, string>> = { "preload-app.mjs": "shop_visits_total" };

/** Asks until the program listens and shows a sign of life, or has ended. */
async function firstAnswer(
  url: string,
  headers: Readonly<Record<string, string>>,
  child: ChildProcess,
  sign = "",
): Promise<HttpAnswer> {
  while (child.exitCode === null) {
    try {
      const answer = await httpGet(url, headers);
      if (answer.body.includes(sign)) return answer;
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`The program ended with status ${child.exitCode}`);
}
