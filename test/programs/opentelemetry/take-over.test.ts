import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { type ExporterMethods, takeOver } from "../../../src/programs/opentelemetry/take-over.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const CLASS = `class PrometheusExporter {
  static DEFAULT_OPTIONS = { host: "localhost", port: 9464 };
  host; port;
  constructor(config = {}) {
    this.host = config.host || PrometheusExporter.DEFAULT_OPTIONS.host;
    this.port = config.port || PrometheusExporter.DEFAULT_OPTIONS.port;
    this.started = this.startServer();
  }
  async startServer() { return "own start of " + this.port; }
  async stopServer() { return "own stop of " + this.port; }
  getMetricsRequestHandler() {}
}`;

interface Exporter extends ExporterMethods {
  readonly host: string;
  readonly port: number;
  readonly started: Promise<string>;
}

interface ExporterClass {
  new (config?: object): Exporter;
  readonly prototype: Exporter;
}

/** Runs a test with a module that exports a class. */
async function withModule(
  test: (path: string, load: () => ExporterClass) => Promise<void>,
  { text = CLASS, name = "exporter.cjs" } = {},
): Promise<void> {
  await withTempDir(async (folder) => {
    const path = join(folder, name);
    const isModule = name.endsWith(".mjs");
    await writeFile(
      path,
      `${text}\n${isModule ? "export { " : "module.exports = { "}PrometheusExporter };`,
    );
    await test(path, () => createRequire(path)(path).PrometheusExporter);
  });
}

/** Stands in for our server. */
const OURS: ExporterMethods = {
  startServer: async () => {},
  stopServer: async () => {},
  getMetricsRequestHandler: (_, response) => void response.end(),
};

for (const name of ["exporter.cjs", "exporter.mjs"]) {
  test(`takeOver() replaces the methods of all exporters of ${name}`, async () => {
    await withModule(
      async (path, load) => {
        const Exporter = load();
        const calls: string[] = [];
        const earlier = new Exporter();
        assert.equal(await earlier.started, "own start of 9464");
        takeOver(path, (exporter, own) => {
          const { port } = exporter as Exporter;
          return {
            ...OURS,
            startServer: async () => void calls.push(`start ${port}`),
            stopServer: async () => void calls.push(`stop ${port}: ${await own.stopServer()}`),
          };
        });
        class Derived extends Exporter {}
        await Promise.all([new Exporter({ port: 1 }).started, new Derived({ port: 2 }).started]);
        await earlier.stopServer();
        assert.deepEqual(calls, ["start 1", "start 2", "stop 9464: own stop of 9464"]);
        // As the methods of a class are.
        assert.deepEqual(Object.keys(Exporter.prototype), []);
      },
      { name },
    );
  });
}

test("takeOver() makes the methods of an exporter once", async () => {
  await withModule(async (path, load) => {
    let count = 0;
    takeOver(path, () => {
      count++;
      return OURS;
    });
    const Exporter = load();
    const exporter = new Exporter();
    await exporter.startServer();
    await exporter.stopServer();
    assert.equal(count, 1);
  });
});

test("takeOver() does not touch a class without one of the methods", async () => {
  const text = CLASS.replace("stopServer()", "close()");
  await withModule(
    async (path, load) => {
      const message = "its PrometheusExporter has no stopServer()";
      assert.throws(() => takeOver(path, () => OURS), { name: "TypeError", message });
      const Exporter = load();
      assert.equal(await new Exporter().started, "own start of 9464");
    },
    { text },
  );
});

test("takeOver() makes the variables the defaults of an exporter", async () => {
  const { env } = process;
  await withModule(async (path, load) => {
    takeOver(path, () => OURS);
    const Exporter = load();
    const addressOf = ({ host, port }: Exporter) => `${host}:${port}`;
    try {
      process.env = { OTEL_EXPORTER_PROMETHEUS_HOST: "::", OTEL_EXPORTER_PROMETHEUS_PORT: "9465" };
      assert.equal(addressOf(new Exporter()), ":::9465");
      assert.equal(addressOf(new Exporter({ port: 1 })), ":::1");
      assert.equal(addressOf(new Exporter({ host: "localhost", port: 9464 })), "localhost:9464");
      process.env = { OTEL_EXPORTER_PROMETHEUS_HOST: "", OTEL_EXPORTER_PROMETHEUS_PORT: "x" };
      assert.equal(addressOf(new Exporter()), "localhost:9464");
    } finally {
      process.env = env;
    }
  });
});

test("takeOver() leaves defaults that cannot be changed", async () => {
  const text = CLASS.replace(/= (\{ host: .*? \})/, "= Object.freeze($1)");
  assert.match(text, /freeze/);
  await withModule(
    async (path, load) => {
      takeOver(path, () => OURS);
      const Exporter = load();
      assert.equal(new Exporter().port, 9464);
    },
    { text },
  );
});
