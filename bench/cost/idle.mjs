// An idle process: node --expose-gc bench/cost/idle.mjs <name>
// Prints how much of its memory is resident, in megabytes: at once, and when it has lived a while.
const promClient = () => import("prom-client");
const prometheusIo = () => import("@prometheus-io/client");

const PROGRAMS = {
  "node:http": () => listenHttp(),
  "prom-client": () => promClient(),
  "prom-client, node:http": () => promClient().then(listenHttp),
  "promhttp on prom-client": () => promClient().then(listenOurs),
  "thread, prom-client": () => promClient().then(listenInThread),
  "@prometheus-io/client": () => prometheusIo(),
  "@prometheus-io/client, node:http": () => prometheusIo().then(listenHttp),
  "promhttp on @prometheus-io": () => prometheusIo().then(listenOurs),
  "thread, @prometheus-io": () => prometheusIo().then(listenInThread),
  "OpenTelemetry exporter": async () => {
    await import("@opentelemetry/sdk-metrics");
    const { PrometheusExporter } = await import("@opentelemetry/exporter-prometheus");
    const exporter = new PrometheusExporter({ host: "127.0.0.1", preventServerStart: true });
    exporter._port = 0;
    await exporter.startServer();
  },
  "@promster/server": async () => {
    const { createServer } = await import("@promster/server");
    await createServer({ port: 0, hostname: "127.0.0.1" });
  },
};

await PROGRAMS[process.argv[2]]();
const fresh = await resident();
makeGarbage();
console.log(JSON.stringify({ fresh, lived: await resident() }));
process.exit();

function listenHttp() {
  // To import node:http would load far more (src/node.ts); the client libraries do not do so.
  const server = process.getBuiltinModule("node:http").createServer();
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

async function listenOurs({ default: { register } }, options) {
  const { Server } = await import("../../dist/index.js");
  await Server.listen(register, "127.0.0.1:0", options);
}

function listenInThread(client) {
  return listenOurs(client, { thread: true });
}

async function resident() {
  for (let turn = 0; turn < 3; turn++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage.rss() / 2 ** 20;
}

/**
 * Uses all memory that V8 has for young objects, as every process does sooner or later. Before that
 * a process that has loaded more looks larger than it is: its garbage lies in fresh pages.
 */
function makeGarbage() {
  let kept;
  for (let index = 0; index < 300_000; index++) kept = { index, kept: [index] };
  return kept;
}
