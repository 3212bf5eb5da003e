// What is paid before the first scrape.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median, rotate } from "./stats.mjs";

const ENTRY = new URL("../../dist/index.js", import.meta.url);
const HTTP = `import("node:http").then((http) => http.createServer().listen(0, "127.0.0.1"))`;
const OURS = `import("${ENTRY}").then(({ Server }) => Server.listen(registry, "127.0.0.1:0"))`;

/** What is idle, and what each is compared with. */
const IDLE = {
  "node:http": HTTP,
  "prom-client": `import("prom-client")`,
  "promhttp on prom-client": `import("prom-client").then(({ default: { register: registry } }) => ${OURS})`,
  "@prometheus-io/client": `import("@prometheus-io/client")`,
  "promhttp on @prometheus-io": `import("@prometheus-io/client").then(({ default: { register: registry } }) => ${OURS})`,
  "OpenTelemetry exporter": `Promise.all([import("@opentelemetry/sdk-metrics"), import("@opentelemetry/exporter-prometheus")]).then(([, { PrometheusExporter }]) => new PrometheusExporter({ host: "127.0.0.1", port: 9464 }))`,
  "@promster/server": `import("@promster/server").then(({ createServer }) => createServer({ port: 0 }))`,
};

/** The time that `promhttp` takes to load, above the client library and above nothing. */
const IMPORTS = {
  nothing: ["data:text/javascript,"],
  promhttp: [ENTRY.href],
  "promhttp after prom-client": [ENTRY.href, "prom-client"],
};

/** RSS of an idle process in megabytes and load time in milliseconds, medians. */
export function measureFootprint({ rounds }) {
  const rss = rounded(IDLE, rounds, (start) =>
    run(`await ${start};
      for (let turn = 0; turn < 3; turn++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      console.log(process.memoryUsage.rss() / 2 ** 20);
      process.exit();`),
  );
  const load = rounded(IMPORTS, rounds, ([entry, before]) =>
    run(`${before ? `await import("${before}");` : ""}
      const startedAt = performance.now();
      await import("${entry}");
      console.log(performance.now() - startedAt);`),
  );
  return { rss, load, ...packageSize() };
}

function rounded(programs, rounds, measure) {
  const figures = new Map(Object.keys(programs).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, program] of rotate(Object.entries(programs), round)) {
      figures.get(name).push(measure(program));
    }
  }
  return new Map([...figures].map(([name, values]) => [name, median(values)]));
}

function run(code) {
  const cwd = fileURLToPath(new URL("../", import.meta.url));
  const args = ["--expose-gc", "--input-type=module", "--eval", code];
  return Number(execFileSync(process.execPath, args, { cwd, encoding: "utf8" }));
}

function packageSize() {
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const [{ unpackedSize }] = JSON.parse(
    execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  return { packageKb: unpackedSize / 1_000 };
}
