import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveOptions } from "../../../src/options/rules.ts";
import { FLAGS, parseCommand, type Settings, UsageError } from "../../../src/programs/cli/flags.ts";
import { HELP } from "../../../src/programs/cli/help.ts";

const DEFAULTS: Settings = {
  module: undefined,
  addresses: [":9464"],
  path: "/metrics",
  maxRequestsInFlight: undefined,
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
  ["--web.max-requests=5", { maxRequestsInFlight: 5 }],
  ["--web.max-requests=0", { maxRequestsInFlight: Number.MAX_SAFE_INTEGER }],
  ["--web.disable-exporter-metrics", { selfMetrics: false }],
  ["--log.level=debug --log.format=json", { logLevel: "debug", logFormat: "json" }],
];

for (const [args, expected] of CASES) {
  test(`parseCommand() understands "${args}"`, () => {
    const settings = { ...DEFAULTS, ...expected };
    assert.deepEqual(parseCommand(words(args)), { kind: "serve", settings });
  });
}

test("parseCommand() shows help or the version whatever else is asked for", () => {
  assert.deepEqual(parseCommand(["x.mjs", "--help"]), { kind: "help" });
  assert.deepEqual(parseCommand(["-h", "--log.level=loud"]), { kind: "help" });
  assert.deepEqual(parseCommand(["--version"]), { kind: "version" });
});

/** Command lines that are wrong, and what the message must name. */
const WRONG: readonly (readonly [args: string, named: string])[] = [
  ["--nope", "--nope"],
  ["-x", "-x"],
  ["--help=yes", "--help"],
  ["--log.level", "--log.level"],
  ["--web.max-requests -1", "--web.max-requests"],
  ["a.mjs b.mjs", "b.mjs"],
  ["--web.listen-address=nowhere", '--web.listen-address cannot be "nowhere"'],
  ["--web.listen-address=:65536", '--web.listen-address cannot be ":65536"'],
  ["--web.listen-address=", '--web.listen-address cannot be ""'],
  ["--web.telemetry-path=metrics", '--web.telemetry-path cannot be "metrics"'],
  ["--web.telemetry-path=/-/ready", '--web.telemetry-path cannot be "/-/ready"'],
  ["--web.max-requests=many", '--web.max-requests cannot be "many"'],
  ["--web.max-requests=-1", '--web.max-requests cannot be "-1"'],
  ["--web.max-requests=1e3", '--web.max-requests cannot be "1e3"'],
  ["--log.level=loud", '--log.level cannot be "loud": use debug, info, warn, error'],
  ["--log.format=xml", '--log.format cannot be "xml": use logfmt, json'],
];

for (const [args, named] of WRONG) {
  test(`parseCommand() refuses "${args}" in one line that names what is wrong`, () => {
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

test("The help names every flag, and the server's own default", () => {
  for (const flag of Object.keys(FLAGS)) assert.ok(HELP.includes(`--${flag}`), flag);
  assert.match(HELP, new RegExp(`--web.max-requests=${resolveOptions().maxRequestsInFlight} `));
});

function words(args: string): string[] {
  return args.split(" ").filter((word) => word !== "");
}
