import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveOptions } from "../../../src/options/rules.ts";
import { FLAGS, parseCommand, type Settings, UsageError } from "../../../src/programs/cli/flags.ts";
import { HELP } from "../../../src/programs/cli/help.ts";

const DEFAULTS: Settings = {
  module: undefined,
  addresses: [":9464"],
  path: "/metrics",
  shutdownDelayMs: 0,
  maxRequestsInFlight: undefined,
  maxHeaderBytes: undefined,
  selfMetrics: true,
  logLevel: "info",
  logFormat: "logfmt",
};

const CASES: readonly (readonly [args: string, expected: Partial<Settings>])[] = [
  ["", {}],
  ["./exporter.mjs", { module: "./exporter.mjs" }],
  ["-- --odd.mjs", { module: "--odd.mjs" }],
  ["--web.listen-address=:9100", { addresses: [":9100"] }],
  ["--web.listen-address 9100", { addresses: [9100] }],
  [
    "--web.listen-address=[::1]:0 --web.listen-address=unix:/run/a.sock x.mjs",
    { addresses: ["[::1]:0", "unix:/run/a.sock"], module: "x.mjs" },
  ],
  ["--web.telemetry-path=/probe", { path: "/probe" }],
  ["--web.shutdown-delay=0", { shutdownDelayMs: 0 }],
  ["--web.shutdown-delay=5", { shutdownDelayMs: 5_000 }],
  ["--web.shutdown-delay=0.25", { shutdownDelayMs: 250 }],
  ["--web.shutdown-delay=5s", { shutdownDelayMs: 5_000 }],
  ["--web.shutdown-delay=1.5s", { shutdownDelayMs: 1_500 }],
  ["--web.shutdown-delay=500ms", { shutdownDelayMs: 500 }],
  ["--web.shutdown-delay=1h2m3s4ms", { shutdownDelayMs: 3_723_004 }],
  ["--web.max-requests=5", { maxRequestsInFlight: 5 }],
  ["--web.max-requests=0", { maxRequestsInFlight: Number.MAX_SAFE_INTEGER }],
  ["--web.max-header-bytes=32768", { maxHeaderBytes: 32_768 }],
  ["--web.disable-exporter-metrics", { selfMetrics: false }],
  ["--log.level=debug --log.format=json", { logLevel: "debug", logFormat: "json" }],
];

for (const [args, expected] of CASES) {
  test(`parseCommand() accepts "${args}"`, () => {
    const settings = { ...DEFAULTS, ...expected };
    assert.deepEqual(parseCommand(words(args)), { kind: "serve", settings });
  });
}

test("parseCommand() returns help or version whatever the other arguments are", () => {
  assert.deepEqual(parseCommand(["x.mjs", "--help"]), { kind: "help" });
  assert.deepEqual(parseCommand(["-h", "--log.level=loud"]), { kind: "help" });
  assert.deepEqual(parseCommand(["--version"]), { kind: "version" });
});

const ADDRESS =
  'an address such as ":9464", "127.0.0.1:9464", "[::1]:9464", "localhost:9464" or ' +
  '"unix:/run/app.sock"';

/** Wrong command lines, and what the message must contain. */
const WRONG: readonly (readonly [args: string, named: string])[] = [
  ["--nope", "--nope"],
  ["-x", "-x"],
  ["--help=yes", "--help"],
  ["--log.level", "--log.level"],
  ["--web.max-requests -1", "--web.max-requests"],
  ["a.mjs b.mjs", "b.mjs"],
  ["--web.listen-address=nowhere", `--web.listen-address must be ${ADDRESS}, got "nowhere"`],
  ["--web.listen-address=:65536", `--web.listen-address must be ${ADDRESS}, got ":65536"`],
  ["--web.listen-address=", `--web.listen-address must be ${ADDRESS}, got ""`],
  [
    "--web.telemetry-path=metrics",
    '--web.telemetry-path must be a path such as /metrics, got "metrics"',
  ],
  [
    "--web.telemetry-path=/-/ready",
    '--web.telemetry-path must be a path such as /metrics, got "/-/ready"',
  ],
  [
    "--web.max-requests=many",
    '--web.max-requests must be an integer, or 0 for no limit, got "many"',
  ],
  ...["", "-5s", "soon", "5s1m", "1e3", "Infinity", "600h", "s", "5S"].map(
    (text): [string, string] => [
      `--web.shutdown-delay=${text}`,
      `--web.shutdown-delay must be a duration such as 5s, at most 24 days, got "${text}"`,
    ],
  ),
  ["--web.max-requests=-1", '--web.max-requests must be an integer, or 0 for no limit, got "-1"'],
  ["--web.max-requests=1e3", '--web.max-requests must be an integer, or 0 for no limit, got "1e3"'],
  [
    "--web.max-header-bytes=1023",
    '--web.max-header-bytes must be an integer from 1024 to 16777216, got "1023"',
  ],
  [
    "--web.max-header-bytes=16777217",
    '--web.max-header-bytes must be an integer from 1024 to 16777216, got "16777217"',
  ],
  [
    "--web.max-header-bytes=8k",
    '--web.max-header-bytes must be an integer from 1024 to 16777216, got "8k"',
  ],
  ["--log.level=loud", '--log.level must be one of debug, info, warn, error, got "loud"'],
  ["--log.format=xml", '--log.format must be one of logfmt, json, got "xml"'],
];

for (const [args, named] of WRONG) {
  test(`parseCommand() rejects "${args}" with one line that names the fault`, () => {
    assert.throws(
      () => parseCommand(words(args)),
      (error) => {
        assert.ok(error instanceof UsageError);
        assert.ok(error.message.includes(named), error.message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });
}

/** Flags that do not exist, and the one that the message suggests. */
const MISTAKES: readonly (readonly [args: string, flag: string])[] = [
  ["--web.listen-adress=:9100", "--web.listen-address"],
  ["--web.lisetn-address :9100", "--web.listen-address"],
  ["--Web.Listen-Address=:9100", "--web.listen-address"],
  ["--web-listen-address=:9100", "--web.listen-address"],
  ["-web.listen-address=:9100", "--web.listen-address"],
  ["--listen-address", "--web.listen-address"],
  ["--listen", "--web.listen-address"],
  ["--port=9100", "--web.listen-address"],
  ["--web.port=9100", "--web.listen-address"],
  ["-p 9100", "--web.listen-address"],
  ["--host=::1", "--web.listen-address"],
  ["--path=/probe", "--web.telemetry-path"],
  ["--web.telemtry-path=/probe", "--web.telemetry-path"],
  ["--web.metrics-path=/probe", "--web.telemetry-path"],
  ["--max-requests=2", "--web.max-requests"],
  ["--max-http-header-size=16384", "--web.max-header-bytes"],
  ["--disable-exporter-metrics", "--web.disable-exporter-metrics"],
  ["--log-level=debug", "--log.level"],
  ["--loglevel", "--log.level"],
  ["--log.fromat=json", "--log.format"],
  ["--hlep", "--help"],
  ["-v", "--version"],
];

for (const [args, flag] of MISTAKES) {
  test(`parseCommand() suggests ${flag} for "${args}"`, () => {
    assert.throws(() => parseCommand(words(args)), {
      message: new RegExp(`^Unknown option '-[^']+'\\. Did you mean ${flag}\\?$`),
    });
  });
}

for (const args of ["--nope", "-x", "--web.config.file=web.yml", "--interval=5"]) {
  test(`parseCommand() suggests nothing for "${args}"`, () => {
    assert.throws(() => parseCommand(words(args)), { message: /^Unknown option '-[^']+'$/ });
  });
}

test("the help names every flag and the server's default", () => {
  for (const flag of Object.keys(FLAGS)) assert.ok(HELP.includes(`--${flag}`), flag);
  const { maxRequestsInFlight, maxHeaderBytes } = resolveOptions();
  assert.match(HELP, new RegExp(`--web.max-requests=${maxRequestsInFlight} `));
  assert.match(HELP, new RegExp(`--web.max-header-bytes=${maxHeaderBytes}\n`));
});

function words(args: string): string[] {
  return args.split(" ").filter((word) => word !== "");
}
