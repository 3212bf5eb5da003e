import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { replace } from "../../../src/programs/opentelemetry/replacement.ts";
import type { ExporterMethods } from "../../../src/programs/opentelemetry/take-over.ts";
import { httpGet } from "../../helpers/http/http-get.ts";
import { withBusyPort } from "../../helpers/http/with-busy-port.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

/** An exporter with a counter, and with the fields of that of OpenTelemetry. */
class Exporter extends MetricReader {
  static readonly DEFAULT_OPTIONS: object = { withoutScopeInfo: false };
  readonly _host = "127.0.0.1";
  readonly _port: number;
  readonly _endpoint: string;
  readonly _serializer = { _prefix: "app_", _withoutScopeInfo: true, _withoutTargetInfo: true };

  constructor({ port = 0, endpoint = "/metrics" } = {}) {
    super();
    this._port = port;
    this._endpoint = endpoint;
    const provider = new MeterProvider({ readers: [this] });
    provider.getMeter("test").createCounter("orders", { unit: "By" }).add(3);
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const NO_SERVER: ExporterMethods = {
  startServer: () => Promise.reject(new Error("The exporter's own server was started")),
  stopServer: () => Promise.reject(new Error("The exporter's own server was stopped")),
  getMetricsRequestHandler: () => assert.fail("The exporter answered"),
};

/** Runs a test with the methods that replace those of an exporter, and the lines that they write. */
async function withReplacement(
  exporter: Exporter,
  test: (methods: ExporterMethods, lines: string[]) => Promise<void>,
  { own = NO_SERVER, strategy }: { own?: ExporterMethods; strategy?: "NoTranslation" } = {},
): Promise<void> {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const { getBuiltinModule } = process;
  const parts = { version: "0.223.0", strategy: () => strategy, say, getBuiltinModule };
  const methods = replace(exporter, own, parts);
  try {
    await test(methods, lines);
  } finally {
    await methods.stopServer();
  }
}

/** The URL in the line at start. */
function urlIn([line = ""]: readonly string[]): string {
  const pattern =
    /^Metrics at (http:\S+) \(in place of @opentelemetry\/exporter-prometheus 0\.223\.0\)$/;
  return pattern.exec(line)?.[1] ?? assert.fail(line);
}

test("the replacement serves the exporter's metrics at its address, by its names", async () => {
  await withReplacement(new Exporter({ endpoint: "/m" }), async ({ startServer }, lines) => {
    const started = startServer();
    assert.equal(startServer(), started);
    await started;
    const url = urlIn(lines);
    assert.match(url, /\/m$/);
    // Of OpenMetrics, Prometheus 2 would have other series of buckets.
    const accept = "application/openmetrics-text;version=1.0.0,*/*;q=0.1";
    const { status, headers, body } = await httpGet(url, { accept });
    assert.equal(status, 200);
    assert.match(headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/);
    assert.match(`${body}`, /^app_orders_total 3$/m);
    // As with the exporter, there is no page.
    assert.equal((await httpGet(new URL("/", url).href)).status, 404);
    assert.equal(lines.length, 1);
  });
});

test("the replacement takes the names of a strategy", async () => {
  await withReplacement(
    new Exporter(),
    async ({ startServer }, lines) => {
      await startServer();
      const accept = "text/plain;version=1.0.0;escaping=allow-utf-8";
      const { body } = await httpGet(urlIn(lines), { accept });
      assert.match(`${body}`, /^app_orders 3$/m);
    },
    { strategy: "NoTranslation" },
  );
});

test("the replacement stops, and starts again", async () => {
  await withReplacement(new Exporter(), async ({ startServer, stopServer }, lines) => {
    await stopServer();
    await startServer();
    await stopServer();
    await assert.rejects(httpGet(urlIn(lines)), { code: "ECONNREFUSED" });
    await startServer();
    assert.equal((await httpGet(urlIn(lines.slice(1)))).status, 200);
  });
});

test("the replacement rejects for a busy port with the error of the system", async () => {
  await withBusyPort(async (port) => {
    await withReplacement(new Exporter({ port }), async ({ startServer }, lines) => {
      await assert.rejects(startServer(), { code: "EADDRINUSE", port });
      assert.match(`${lines}`, /^Cannot serve metrics: Cannot listen on .*already in use$/);
    });
  });
});

test("the exporter serves where our server cannot, and stops", async () => {
  const calls: string[] = [];
  const own: ExporterMethods = {
    ...NO_SERVER,
    startServer: async () => void calls.push("start"),
    stopServer: async () => void calls.push("stop"),
  };
  await withReplacement(
    new Exporter({ endpoint: "/-/healthy" }),
    async ({ startServer }, lines) => {
      await startServer();
      assert.deepEqual(calls, ["start"]);
      assert.match(
        `${lines}`,
        /^Cannot replace the server of \S+ 0\.223\.0: Option "path" must be/,
      );
    },
    { own },
  );
  assert.deepEqual(calls, ["start", "stop"]);
});

test("the replacement answers requests of another server", async () => {
  await withReplacement(new Exporter(), async ({ getMetricsRequestHandler }) => {
    const server = createServer(getMetricsRequestHandler).listen(0, "127.0.0.1");
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as { port: number };
      for (let scrapes = 0; scrapes < 2; scrapes++) {
        const { status, body } = await httpGet(`http://127.0.0.1:${port}/any`);
        assert.equal(status, 200);
        assert.match(`${body}`, /^app_orders_total 3$/m);
      }
    } finally {
      server.close();
    }
  });
});

test("the replacement answers through what stands in for a response", async () => {
  await withReplacement(new Exporter(), async ({ getMetricsRequestHandler }) => {
    const text = await new Promise<string>((resolve) => {
      // Cast: as applications do that have only a Fetch API.
      const response = { setHeader() {}, end: resolve } as unknown as ServerResponse;
      getMetricsRequestHandler(
        { headers: {} } as Parameters<typeof getMetricsRequestHandler>[0],
        response,
      );
    });
    assert.match(text, /^app_orders_total 3$/m);
  });
});

/** Runs a test with environment variables of this process. */
async function withVariables(
  variables: Readonly<Record<string, string>>,
  test: () => Promise<void>,
): Promise<void> {
  Object.assign(process.env, variables);
  try {
    await test();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

/** What cannot be honoured of who may connect and ask, and what the line says of it. */
const NOT_HONOURED: Readonly<Record<string, readonly [value: string, reason: RegExp]>> = {
  PROMHTTP_WEB_CONFIG_FILE: ["/no/such/web.yml", /\/no\/such\/web\.yml/],
  PROMHTTP_BEARER_TOKEN_FILE: ["/no/such/tokens", /\/no\/such\/tokens/],
  PROMHTTP_ALLOWED_NETWORKS: ["everywhere", /PROMHTTP_ALLOWED_NETWORKS must be .*"everywhere"$/],
};

for (const [name, [value, reason]] of Object.entries(NOT_HONOURED)) {
  test(`the replacement serves nothing where ${name} cannot be honoured`, async () => {
    await withVariables({ [name]: value }, () =>
      withReplacement(new Exporter(), async ({ startServer }, lines) => {
        await assert.rejects(startServer());
        assert.equal(lines.length, 1);
        assert.match(`${lines}`, /^Cannot serve metrics: [^\n]*$/);
        assert.match(`${lines}`, reason);
      }),
    );
  });

  test(`the replacement answers 503 where ${name} cannot be honoured`, async () => {
    await withVariables({ [name]: value }, () =>
      withReplacement(new Exporter(), async ({ getMetricsRequestHandler }, lines) => {
        for (let scrapes = 0; scrapes < 2; scrapes++) {
          const [status, text] = await answerOf(getMetricsRequestHandler);
          assert.deepEqual([status, text], [503, "Service Unavailable\n"]);
        }
        assert.equal(lines.length, 1);
        assert.match(`${lines}`, /^Cannot serve metrics: [^\n]*$/);
      }),
    );
  });
}

test("the exporter does not serve where ours cannot and the environment says who may ask", async () => {
  await withVariables({ PROMHTTP_ALLOWED_NETWORKS: "127.0.0.1" }, () =>
    withReplacement(new Exporter({ endpoint: "/-/healthy" }), async ({ startServer }, lines) => {
      await assert.rejects(startServer(), RangeError);
      assert.match(`${lines}`, /^Cannot serve metrics: Option "path" must be/);
    }),
  );
});

test("the replacement serves whom the environment allows", async () => {
  await withTempDir(async (folder) => {
    const file = join(folder, "tokens");
    await writeFile(file, `${TOKEN}\n`);
    const variables = {
      PROMHTTP_BEARER_TOKEN_FILE: file,
      PROMHTTP_ALLOWED_NETWORKS: "127.0.0.0/8",
    };
    await withVariables(variables, () =>
      withReplacement(new Exporter(), async ({ startServer }, lines) => {
        await startServer();
        const url = urlIn(lines);
        assert.equal((await httpGet(url)).status, 401);
        const { status } = await httpGet(url, { authorization: `Bearer ${TOKEN}` });
        assert.equal(status, 200);
      }),
    );
  });
});

test("the replacement answers requests of another server with the token only", async () => {
  await withTempDir(async (folder) => {
    const file = join(folder, "tokens");
    await writeFile(file, `${TOKEN}\n`);
    await withVariables({ PROMHTTP_BEARER_TOKEN_FILE: file }, () =>
      withReplacement(new Exporter(), async ({ getMetricsRequestHandler }) => {
        const [refused] = await answerOf(getMetricsRequestHandler);
        assert.equal(refused, 401);
        const authorization = `Bearer ${TOKEN}`;
        const [status, text] = await answerOf(getMetricsRequestHandler, { authorization });
        assert.equal(status, 200);
        assert.match(text, /^app_orders_total 3$/m);
      }),
    );
  });
});

const TOKEN = "0123456789abcdefghij";

/** The status and text of an answer through what stands in for a response. */
function answerOf(
  answer: ExporterMethods["getMetricsRequestHandler"],
  headers: IncomingHttpHeaders = {},
): Promise<readonly [status: number | undefined, text: string]> {
  return new Promise((resolve) => {
    const response = {
      statusCode: undefined,
      setHeader() {},
      end(text: string) {
        resolve([this.statusCode, text]);
      },
    };
    // Casts: as applications do that have only a Fetch API.
    const request = { method: "GET", headers } as IncomingMessage;
    answer(request, response as unknown as ServerResponse);
  });
}
