import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { noEvents, workerFamilies } from "../../src/group/hub/worker-metrics.ts";
import { Server } from "../../src/index.ts";
import { readThread } from "../../src/options/late-rules.ts";
import { FORMATS } from "../../src/options/options.ts";
import { resolveHandlerOptions, resolveOptions } from "../../src/options/rules.ts";
import { createProbeFamilies, ProbeCounts } from "../../src/probe/probe-counts.ts";
import { HELP } from "../../src/programs/cli/flags/help.ts";
import { readEnvironment } from "../../src/programs/preload/environment.ts";
import { SelfMetrics } from "../../src/scrape/self-metrics.ts";
import { CIPHER_SUITES, CLIENT_AUTH, CURVES } from "../../src/server/web-config/names.ts";
import { TLS_KEYS } from "../../src/server/web-config/tls-block.ts";
import { createAuthority } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { httpsGet } from "../helpers/http/https-get.ts";
import { ROOT, readDocument, sectionOf } from "./documents.ts";

const OPTIONS = readDocument("docs/guide/options.md");
const WORKERS = readDocument("docs/guide/workers.md");
const THREAD = readDocument("docs/guide/thread.md");
const WEB_CONFIG = readDocument("docs/guide/web-config.md");

test("the guide names every option and its default, and no other", () => {
  const handler = resolveHandlerOptions();
  const server = Object.fromEntries(
    Object.entries(resolveOptions()).filter(([name]) => !Object.hasOwn(handler, name)),
  );
  assert.deepEqual(defaultsIn("Options of every scrape"), shown(handler));
  assert.deepEqual(defaultsIn("Options of a server"), shown(server));
});

test("the guide names every detail of the option workers and its default, and no other", () => {
  const { workers } = resolveHandlerOptions({ workers: true });
  const { aggregators, patienceMs: _, onJoined: __, ...others } = workers ?? assert.fail();
  assert.equal(aggregators.size, 0);
  assert.deepEqual(defaultsIn("Options", WORKERS), { ...shown(others), aggregators: "`{}`" });
});

test("the guide names every detail of the option thread and its default, and no other", () => {
  const thread = readThread(true) ?? assert.fail();
  assert.deepEqual(defaultsIn("Options", THREAD), shown(thread));
});

function defaultsIn(heading: string, document = OPTIONS): Record<string, string> {
  const rows = sectionOf(document, heading).matchAll(/^\| `(\w+)` \|(.*?)\|/gm);
  return Object.fromEntries(Array.from(rows, ([, name, value = ""]) => [name, value.trim()]));
}

/** Options as the table shows them. */
function shown(options: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, SHOWN.get(value) ?? show(value)]),
  );
}

const SHOWN: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [undefined, ""],
  [Number.POSITIVE_INFINITY, ""],
  [console, "`console`"],
  [FORMATS, "all"],
  [64 * 1_024 * 1_024, "64 MiB"],
  [0o660, "`0o660`"],
]);

function show(value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("en");
  if (typeof value !== "object") return `\`${JSON.stringify(value)}\``;
  const { encodings } = value as { readonly encodings: readonly string[] };
  return encodings.join(", ");
}

const READER = "src/gatherers/opentelemetry/reader.ts";
const OPENTELEMETRY_OPTIONS: readonly [heading: string, path: string, type: string][] = [
  ["Options", "src/gatherers/opentelemetry/mapping-options.ts", "MappingOptions"],
  ["Options of a reader", READER, "PrometheusReaderOptions"],
  ["Options of the exporter", "src/exporter/exporter-config.ts", "ExporterOwnOptions"],
];

for (const [heading, path, type] of OPENTELEMETRY_OPTIONS) {
  test(`the guide names every option of ${type} and its default, and no other`, () => {
    const named = defaultsIn(heading, readDocument("docs/guide/opentelemetry.md"));
    const declared = defaultsOf(readDocument(path).text, type);
    assert.deepEqual(Object.keys(named).sort(), Object.keys(declared).sort());
    for (const [name, value] of Object.entries(declared)) {
      const shown = `${named[name]}`.replaceAll("`", "").replaceAll(",", "");
      // A default that is a sentence is told in the page's own words.
      if (!/ /.test(value)) assert.equal(shown, value === "undefined" ? "" : value, name);
    }
  });
}

/** The options of an interface, with what their comments call the default. */
function defaultsOf(source: string, type: string): Record<string, string> {
  const body = source.split(new RegExp(`interface ${type}\\b[^{]*\\{\n`))[1]?.split("\n}\n")[0];
  const options = (body ?? assert.fail(type)).matchAll(
    /@default ([^\n]+)(?:(?!\/\*\*).)*?readonly (\w+)\?/gs,
  );
  return Object.fromEntries(
    Array.from(options, ([, value = "", name]) => [name, value.replace(/:.*/, "")]),
  );
}

test("the guide names every flag of the program, and no other", () => {
  const flagsIn = (text: string) => new Set(text.match(/--(?:web|log)\.[a-z-]+|--help|--version/g));
  const table = sectionOf(readDocument("docs/guide/program.md"), "Flags");
  assert.deepEqual([...flagsIn(table)].sort(), [...flagsIn(HELP)].sort());
});

test("the guide names every key of the configuration file, and no other", () => {
  const table = sectionOf(WEB_CONFIG, "Keys");
  const rows = [...table.matchAll(/^\| `(\w+)(?:\.(\w+))?`(.*?) \|/gm)];
  const named = rows.flatMap(([, block, key = "", others = ""]) => {
    const further = Array.from(others.matchAll(/`(\w+)`/g), ([, name = ""]) => name);
    return [key, ...further].map((name) => `${block}.${name}`);
  });
  const known = [
    ...TLS_KEYS.map((key) => `tls_server_config.${key}`),
    "http_server_config.http2",
    "http_server_config.headers",
    "basic_auth_users.",
    "rate_limit.interval",
    "rate_limit.burst",
  ];
  assert.deepEqual(named.sort(), known.sort());
});

test("the guide names everything that has a name in the configuration file, and nothing else", () => {
  const known = [CIPHER_SUITES, CURVES, CLIENT_AUTH].flatMap((names) => Object.keys(names));
  const table = sectionOf(WEB_CONFIG, "Names");
  const named = Array.from(table.matchAll(/`(\w*[A-Z]\w*)`/g), ([, name]) => name);
  assert.deepEqual(named.sort(), known.sort());
});

test("the guide names every variable that the preload reads, and no other", () => {
  const read: string[] = [];
  const get = (_: object, name: string) => {
    read.push(name);
    return undefined;
  };
  readEnvironment(new Proxy({}, { get }));
  const table = sectionOf(readDocument("docs/guide/preload.md"), "Variables");
  const named = table.match(/`(?:PROMHTTP|OTEL)_\w+`/g)?.map((name) => name.slice(1, -1));
  assert.deepEqual([...new Set(named)].sort(), read.sort());
});

test("the guide names every variable that the preload of OpenTelemetry reads, and no other", () => {
  const folder = new URL("src/programs/opentelemetry/", ROOT);
  const files = readdirSync(folder).map((name) => `src/programs/opentelemetry/${name}`);
  const sources = [...files, "src/exporter/environment.ts", "src/programs/switch-variables.ts"].map(
    (path) => readDocument(path).text,
  );
  const read = sources.join("\n").match(/\b(?:PROMHTTP|OTEL)_\w+/g);
  const page = readDocument("docs/guide/opentelemetry.md");
  const rows = sectionOf(page, "Without changing the application").match(/^\| `[PO].*?\|/gm);
  const named = rows?.join("\n").match(/\b(?:PROMHTTP|OTEL)_\w+/g);
  assert.deepEqual([...new Set(named)].sort(), [...new Set(read)].sort());
});

test("the guide names every self-metric, and no other", () => {
  const selfMetrics = new SelfMetrics(() => 0);
  selfMetrics.collectors.record([{ collector: "a", error: "b" }], () => true);
  const probes = createProbeFamilies([new ProbeCounts("/probe", [])]);
  const table = sectionOf(readDocument("docs/guide/operating.md"), "Self-metrics");
  const named = Array.from(table.matchAll(/`(promhttp_\w+)/g), ([, name]) => name);
  assert.deepEqual(
    named.sort(),
    [...selfMetrics.families(), ...probes].map(({ name }) => name).sort(),
  );
});

const SECURITY_OPTIONS: readonly [heading: string, type: string][] = [
  ["TLS", "TlsOptions"],
  ["Credentials", "AuthOptions"],
];

for (const [heading, type] of SECURITY_OPTIONS) {
  test(`the guide names every option of ${type}, and no other`, () => {
    const { text } = readDocument("src/options/security.ts");
    const [body = ""] = text.split(`interface ${type} {\n`)[1]?.split("\n}\n") ?? assert.fail();
    const declared = Array.from(body.matchAll(/readonly (\w+)\?:/g), ([, name]) => name);
    const section =
      sectionOf(readDocument("docs/guide/security.md"), heading).split("\n#")[0] ?? "";
    const cells = section.match(/^\| `.*?\|/gm)?.join("\n") ?? "";
    const named = Array.from(cells.matchAll(/`(\w+)`/g), ([, name]) => name);
    assert.deepEqual(named.sort(), declared.sort());
  });
}

test("the guide names every self-metric of security and its reasons, and no other", async () => {
  const authority = createAuthority();
  await using server = await Server.listen(countingGatherer(), "127.0.0.1:0", {
    tls: authority.issue({ sans: ["IP:127.0.0.1"] }),
    allowedNetworks: ["127.0.0.1"],
  });
  const { body } = await httpsGet({ port: new URL(server.url).port, ca: authority.cert });
  const plain = new SelfMetrics(() => 0).families().map(({ name }) => name);
  const families = new Map<string, Set<string>>();
  for (const [, name = "", reason] of body.matchAll(/^(promhttp_\w+)(?:\{reason="(\w+)"\})? /gm)) {
    if (plain.some((known) => name.startsWith(known))) continue;
    const reasons = families.get(name) ?? new Set();
    if (reason !== undefined) reasons.add(reason);
    families.set(name, reasons);
  }
  const table = sectionOf(readDocument("docs/guide/security.md"), "What is counted");
  const rows = Array.from(table.matchAll(/^\| `(promhttp_\w+).*?` \| (.*) \|$/gm));
  assert.deepEqual(rows.map(([, name]) => name).sort(), [...families.keys()].sort());
  for (const [, name = "", text = ""] of rows) {
    const named = Array.from(text.matchAll(/`(\w+)`/g), ([, reason]) => reason);
    assert.deepEqual(named.sort(), [...(families.get(name) ?? [])].sort(), name);
  }
});

test("the guide names every metric of a server in a thread, and no other", async () => {
  await using server = await Server.listen(countingGatherer(), "127.0.0.1:0", { thread: true });
  const { body } = await httpGet(server.url);
  const plain = new Set(new SelfMetrics(() => 0).families().map(({ name }) => name));
  const served = Array.from(
    `${body}`.matchAll(/^# TYPE (promhttp_\w+)/gm),
    ([, name = ""]) => name,
  );
  const table = sectionOf(THREAD, "While the application is stuck");
  const named = Array.from(table.matchAll(/^\| `(promhttp_\w+)/gm), ([, name]) => name);
  assert.deepEqual(named.sort(), served.filter((name) => !plain.has(name)).sort());
});

test("the guide names every metric about the workers, and no other", () => {
  const census = { workers: new Set<never>(), incompatible: 0, events: noEvents() };
  const table = sectionOf(WORKERS, "When something is missing");
  const named = Array.from(table.matchAll(/^\| `(promhttp_\w+)/gm), ([, name]) => name);
  assert.deepEqual(
    named.sort(),
    workerFamilies(census, "worker")
      .map(({ name }) => name)
      .sort(),
  );
});

test("the guide names every variable that the workers read, and no other", () => {
  const source = readDocument("src/group/environment.ts").text;
  const read = new Set(source.match(/PROMHTTP_\w+/g));
  // Processes tell each other by this one who serves them.
  read.delete("PROMHTTP_SERVED_BY");
  const named = Array.from(WORKERS.text.matchAll(/^\| `(PROMHTTP_\w+)`/gm), ([, name]) => name);
  assert.deepEqual(named.sort(), [...read, "PROMHTTP_WORKERS"].sort());
});
