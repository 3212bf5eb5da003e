import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { freePort } from "../../helpers/http/free-port.ts";
import { httpGet } from "../../helpers/http/http-get.ts";
import { rawRequest } from "../../helpers/http/raw-request.ts";
import { withBusyPort } from "../../helpers/http/with-busy-port.ts";
import { poll } from "../../helpers/poll.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { within } from "../../helpers/within.ts";
import { parseText } from "../../judge/index.ts";
import { SDKS, ZERO_CODE_SDKS } from "../sdk.ts";
import { INSTRUMENTATIONS, LOADER, PRELOAD, SERVED, scrape, withProject } from "./project.ts";

/** The series of the applications, by the exporter's names: without units. */
const ORDERS = /^shop_orders_total\{[^}]*\} 3$|^shop_orders_total 3$/m;
const WAIT = /^shop_wait_bucket\{le="5".*\} 1$/m;

/** Scrapes an application, and ends it; it must end by itself, and write nothing else. */
async function check(child: Fixture): Promise<string> {
  const body = await scrape(child);
  parseText(body);
  assert.match(body, ORDERS);
  assert.match(body, WAIT);
  child.tell("end");
  const { code, stderr, stdout } = await child.exit();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^(?:callback undefined\n|ready\n)+$/);
  assert.match(stderr, /^promhttp: Metrics at .*\n$/);
  return body;
}

for (const sdk of SDKS) {
  const { name, major } = sdk;

  for (const option of ["--require", "--import"]) {
    for (const app of ["sdk.mjs", "sdk.cjs"]) {
      test(`${name}: ${option} serves what the environment asks for in ${app}`, async () => {
        await withProject(sdk, async ({ node, port }) => {
          const env = {
            OTEL_METRICS_EXPORTER: "prometheus",
            OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
          };
          const isInherited = app.endsWith("cjs");
          const child = isInherited
            ? node([app], { ...env, NODE_OPTIONS: `${option} ${PRELOAD}` })
            : node([option, PRELOAD, app], env);
          const body = await check(child);
          // Up to 0.200, the exporter has no labels for the scope.
          assert.equal(/otel_scope_name/.test(body), ZERO_CODE_SDKS.includes(sdk));
        });
      });
    }

    for (const app of ["code.mjs", "code.cjs"]) {
      test(`${name}: ${option} serves the exporter that ${app} makes`, async () => {
        await withProject(sdk, async ({ node, port }) => {
          const config = {
            host: "127.0.0.1",
            port,
            endpoint: "m",
            prefix: "my",
            withoutScopeInfo: true,
          };
          const child = node([option, PRELOAD, app, JSON.stringify(config)]);
          const body = await scrape(child);
          assert.equal(await child.errorLine(SERVED), `http://127.0.0.1:${port}/m`);
          assert.match(body, /^my_shop_orders_total 3$/m);
          child.tell("end");
          assert.equal((await child.exit()).code, 0);
        });
      });
    }
  }

  test(`${name}: the variables count for an exporter that an application makes`, async () => {
    await withProject(sdk, async ({ node, port }) => {
      const env = {
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
        OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
      };
      const child = node(["--import", PRELOAD, "code.mjs", "{}"], env);
      const origin =
        /; host: set by OTEL_EXPORTER_PROMETHEUS_HOST; port: set by OTEL_EXPORTER_PROMETHEUS_PORT\)$/;
      await child.errorLine(origin);
      await check(child);
    });
  });

  test(`${name}: the default host is that of the exporter`, async () => {
    await withProject(sdk, async ({ node, port }) => {
      const child = node(["--import", PRELOAD, "code.mjs", JSON.stringify({ port })]);
      if (major < 3) await child.errorLine(/, on every interface \(/);
      else assert.equal(await child.errorLine(SERVED), `http://127.0.0.1:${port}/metrics`);
      await check(child);
    });
  });

  // CVE-2026-44902.
  test(`${name}: a request that ends the process of exporters before 0.217 does not`, async () => {
    await withProject(sdk, async ({ node, port }) => {
      const config = JSON.stringify({ host: "127.0.0.1", port });
      const child = node(["--import", PRELOAD, "code.mjs", config]);
      await child.line("callback undefined");
      const answer = await rawRequest(
        port,
        "GET //: HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      );
      assert.equal(answer.status, 404);
      await check(child);
    });
  });

  test(`${name}: the callback of an exporter gets the error of a busy port`, async () => {
    await withProject(sdk, async ({ node }) => {
      await withBusyPort(async (port) => {
        const config = JSON.stringify({ host: "127.0.0.1", port });
        const child = node(["--import", PRELOAD, "code.mjs", config]);
        assert.equal(await child.line("callback "), "EADDRINUSE");
        child.tell("end");
        const { code, stderr } = await child.exit();
        assert.equal(code, 0);
        assert.match(stderr, /^promhttp: Cannot serve metrics: .* address already in use\n$/);
      });
    });
  });

  test(`${name}: a strategy gives the names of the specification`, async () => {
    await withProject(sdk, async ({ node, port }) => {
      const env = { PROMHTTP_OTEL_TRANSLATION_STRATEGY: "UnderscoreEscapingWithSuffixes" };
      const child = node(["--import", PRELOAD, "code.mjs", JSON.stringify({ port })], env);
      assert.match(await scrape(child), /^shop_wait_seconds_bucket\{/m);
      child.tell("end");
      assert.equal((await child.exit()).code, 0);
    });
  });

  test(`${name}: readers beside the exporter still export`, async () => {
    await withCollector(async (endpoint, posted) => {
      await withProject(sdk, async ({ node, port }) => {
        const child = node(["--import", PRELOAD, "sdk.mjs"], {
          OTEL_METRICS_EXPORTER: "otlp,prometheus",
          OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
          OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        });
        // It exports at the latest when the application ends.
        await check(child);
        assert.equal(await within("the export", posted), "/v1/metrics");
      });
    });
  });

  test(`${name}: both preloads serve in one process, each its own library`, async () => {
    await withProject(
      sdk,
      async ({ node, port }) => {
        const args = ["--import", PRELOAD, "--import", "promhttp/register", "both.cjs"];
        const child = node(args, {
          NODE_DEBUG: "promhttp",
          OTEL_METRICS_EXPORTER: "prometheus",
          OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
          PROMHTTP_ADDRESS: "127.0.0.1:0",
        });
        const body = await scrape(child);
        assert.match(body, ORDERS);
        const other = await httpGet(await child.errorLine(/^PROMHTTP \d+: Metrics at (\S+)$/));
        assert.match(`${other.body}`, /^client_total 1$/m);
        assert.doesNotMatch(`${other.body}`, ORDERS);
        child.tell("end");
        assert.equal((await child.exit()).code, 0);
      },
      ["prom-client"],
      { "both.cjs": BOTH },
    );
  });

  test(`${name}: of both preloads with one port the exporter's serves, and the other says so`, async () => {
    await withProject(
      sdk,
      async ({ node, port }) => {
        const args = ["--import", "promhttp/register", "--import", PRELOAD, "both.cjs"];
        const child = node(args, {
          OTEL_METRICS_EXPORTER: "prometheus",
          OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
          OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
        });
        assert.match(await scrape(child), ORDERS);
        await child.errorLine(/^promhttp: Cannot serve metrics: .* address already in use$/);
        child.tell("end");
        assert.equal((await child.exit()).code, 0);
      },
      ["prom-client"],
      { "both.cjs": BOTH },
    );
  });
}

/** An application that counts with a client library, too. */
const BOTH = `
  const { Counter } = require("prom-client");
  new Counter({ name: "client_total", help: "Counts." }).inc();
  require("./sdk.cjs");`;

/** Runs a test with a server that takes OTLP, and the first path that is posted to. */
async function withCollector(
  test: (endpoint: string, posted: Promise<string | undefined>) => Promise<void>,
): Promise<void> {
  const collector = createServer().listen(0, "127.0.0.1");
  const posted = new Promise<string | undefined>((resolve) => {
    collector.on("request", ({ url }, response) => {
      response.end();
      resolve(url);
    });
  });
  await once(collector, "listening");
  try {
    // It is neither closed nor on a pipe.
    const { port } = collector.address() as AddressInfo;
    await test(`http://127.0.0.1:${port}`, posted);
  } finally {
    collector.close();
    collector.closeAllConnections();
  }
}

/** A declarative configuration; the port is that of a variable. */
const CONFIGURATION = `
file_format: "1.0"
meter_provider:
  readers:
    - pull:
        exporter:
          prometheus/development:
            host: 127.0.0.1
            port: \${PORT}
            scope_info_enabled: false
            target_info_enabled/development: false
`;

for (const sdk of ZERO_CODE_SDKS) {
  const { name } = sdk;

  const preloads: readonly (readonly string[])[] = [
    ["--require", PRELOAD, "--require", INSTRUMENTATIONS],
    ["--import", PRELOAD, "--import", INSTRUMENTATIONS],
    ["--require", PRELOAD, "--import", INSTRUMENTATIONS],
    // As OpenTelemetry has it for ES modules; Node warns of loaders.
    ["--no-warnings", `--loader=${LOADER}`, "--import", PRELOAD, "--import", INSTRUMENTATIONS],
  ];
  for (const args of preloads) {
    test(`${name}: an application without a line of code is served: ${args.join(" ")}`, async () => {
      await withProject(sdk, async ({ node, port }) => {
        const child = node([...args, "zero.mjs"], {
          OTEL_METRICS_EXPORTER: "prometheus",
          OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
        });
        const body = await check(child);
        assert.match(body, /^v8js_memory_heap_used\{.*otel_scope_name=.*\} \d/m);
      });
    });
  }

  // A loader would be that of all threads.
  for (const args of preloads.slice(2)) {
    test(`${name}: an application is served from a thread of the server: ${args.join(" ")}`, async () => {
      await withProject(sdk, async ({ node, port }) => {
        const child = node([...args, "zero.mjs"], {
          PROMHTTP_THREAD: "1",
          OTEL_METRICS_EXPORTER: "prometheus",
          OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
        });
        const body = await check(child);
        assert.match(body, /^v8js_memory_heap_used\{.*otel_scope_name=.*\} \d/m);
        assert.match(body, /^promhttp_event_loop_stuck_seconds 0$/m);
      });
    });
  }

  for (const option of ["--require", "--import"]) {
    test(`${name}: ${option} serves what a configuration file asks for`, async () => {
      await withProject(
        sdk,
        async ({ folder, node, port }) => {
          const env = { OTEL_CONFIG_FILE: join(folder, "otel.yaml"), PORT: `${port}` };
          const child = node([option, PRELOAD, "file.mjs"], env);
          const body = await check(child);
          assert.doesNotMatch(body, /otel_scope_name|target_info/);
          assert.equal(await child.errorLine(SERVED), `http://127.0.0.1:${port}/metrics`);
        },
        [],
        { "otel.yaml": CONFIGURATION },
      );
    });
  }

  test(`${name}: two exporters in one process are both served`, async () => {
    await withProject(sdk, async ({ node, port }) => {
      const config = JSON.stringify({ host: "127.0.0.1", port });
      const args = ["--import", PRELOAD, "--import", INSTRUMENTATIONS, "code.mjs", config];
      const own = await freePort();
      const child = node(args, {
        OTEL_METRICS_EXPORTER: "prometheus",
        OTEL_EXPORTER_PROMETHEUS_PORT: `${own}`,
      });
      await child.line("ready");
      for (const each of [port, own]) {
        const url = await child.errorLine(new RegExp(`Metrics at (http://\\S+:${each}/metrics)`));
        const { body } = await httpGet(url);
        assert.match(`${body}`, /^promhttp_metric_handler_requests_total/m);
      }
      child.signal("SIGKILL");
      await child.exit();
    });
  });

  test(`${name}: a preload that comes too late says so, and the exporter serves`, async () => {
    await withProject(sdk, async ({ node, port }) => {
      const child = node(["--import", INSTRUMENTATIONS, "--import", PRELOAD, "zero.mjs"], {
        OTEL_METRICS_EXPORTER: "prometheus",
        OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
      });
      await child.errorLine(/^promhttp: OpenTelemetry was started before .*: load it first$/);
      await child.line("ready");
      // Nothing tells when it listens.
      await poll("the exporter's own server", () =>
        httpGet(`http://localhost:${port}/metrics`).then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
      child.tell("end");
      assert.equal((await child.exit()).code, 0);
    });
  });

  test(`${name}: npm that starts an application leaves the port to it`, async () => {
    const manifest = JSON.stringify({ scripts: { start: "node zero.mjs" } });
    await withProject(
      sdk,
      async ({ node, port }) => {
        const { stdout } = await promisify(execFile)("npm", ["root", "--global"]);
        const npm = await realpath(join(stdout.trim(), "npm/bin/npm-cli.js"));
        const child = node([npm, "start", "--silent"], {
          NODE_OPTIONS: `--require ${PRELOAD} --require ${INSTRUMENTATIONS}`,
          OTEL_METRICS_EXPORTER: "prometheus",
          OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
        });
        await check(child);
      },
      [],
      { "package.json": manifest },
    );
  });
}
