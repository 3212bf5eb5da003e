import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { resolveOptions } from "../../../../src/options/rules.ts";
import { UsageError } from "../../../../src/programs/cli/flags/command-line.ts";
import { FLAGS } from "../../../../src/programs/cli/flags/flag-table.ts";

import {
  parseCommand,
  type SecuritySettings,
  type Settings,
} from "../../../../src/programs/cli/flags/flags.ts";
import { HELP } from "../../../../src/programs/cli/flags/help.ts";

const NO_SECURITY: SecuritySettings = {
  webConfigFile: undefined,
  auth: undefined,
  allowedNetworks: undefined,
  openHealth: undefined,
  socketMode: undefined,
  socketGroup: undefined,
};

const DEFAULTS: Settings = {
  module: undefined,
  moduleFlags: [],
  addresses: [":9464"],
  path: "/metrics",
  shutdownDelayMs: 0,
  maxRequestsInFlight: undefined,
  maxHeaderBytes: undefined,
  selfMetrics: true,
  security: NO_SECURITY,
  healthAddress: undefined,
  thread: false,
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
  ["--web.systemd-socket", { addresses: [{ systemd: true }] }],
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
  ["--web.health-listen-address=127.0.0.1:9465", { healthAddress: "127.0.0.1:9465" }],
  ["--web.thread", { thread: true }],
  ["--log.level=debug --log.format=json", { logLevel: "debug", logFormat: "json" }],
];

/** Flags of who may connect and ask. */
const SECURITY_CASES: readonly (readonly [args: string, expected: Partial<SecuritySettings>])[] = [
  ["--web.config.file=web.yml", { webConfigFile: resolve("web.yml") }],
  ["--web.config.file=", {}],
  ["--web.bearer-token-file=tokens", { auth: { bearerTokenFile: resolve("tokens") } }],
  [
    "--web.allowed-networks=10.0.0.0/8,::1 --web.allowed-networks=192.0.2.1",
    { allowedNetworks: ["10.0.0.0/8", "::1", "192.0.2.1"] },
  ],
  ["--web.open-health=never", { openHealth: "never" }],
  ["--web.open-health=without-certificate", { openHealth: "without-certificate" }],
  ["--web.socket-mode=0600", { socketMode: 0o600 }],
  ["--web.socket-mode=666", { socketMode: 0o666 }],
  ["--web.socket-mode=0o660", { socketMode: 0o660 }],
  ["--web.socket-group=1000", { socketGroup: 1_000 }],
];

for (const [args, expected] of SECURITY_CASES) {
  test(`parseCommand() accepts "${args}"`, () => {
    const settings = { ...DEFAULTS, security: { ...NO_SECURITY, ...expected } };
    assert.deepEqual(parseCommand(words(args)), { kind: "serve", settings });
  });
}

test("parseCommand() accepts networks with blanks after the commas", () => {
  const command = parseCommand(["--web.allowed-networks", "10.0.0.0/8, ::1"]);
  assert.ok("settings" in command);
  assert.deepEqual(command.settings.security.allowedNetworks, ["10.0.0.0/8", "::1"]);
});

for (const flag of ["--web.config.file=web.yml", "--web.bearer-token-file=tokens"]) {
  test(`parseCommand() checks the file of ${flag}`, () => {
    const { kind: _, ...expected } = parseCommand([flag]);
    assert.deepEqual(parseCommand([flag, "--web.config.check"]), { kind: "check", ...expected });
  });
}

for (const [args, expected] of CASES) {
  test(`parseCommand() accepts "${args}"`, () => {
    const settings = { ...DEFAULTS, ...expected };
    assert.deepEqual(parseCommand(words(args)), { kind: "serve", settings });
  });
}

test("parseCommand() returns help or version whatever the other arguments are", () => {
  assert.deepEqual(parseCommand(["x.mjs", "--help"]), { kind: "help", module: "x.mjs" });
  assert.deepEqual(parseCommand(["-h", "--log.level=loud"]), { kind: "help", module: undefined });
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
  [
    "--web.listen-address=vsock://:9100",
    '--web.listen-address: Address must not be a vsock, which Node cannot open, got "vsock://:9100"',
  ],
  ["--web.listen-address=unix:@a", "an abstract socket lets in everybody on the host"],
  [`--web.listen-address=unix:/${"a".repeat(200)}`, "must be at most 103 bytes long"],
  [
    "--web.systemd-socket --web.listen-address=:9100",
    "--web.systemd-socket takes the place of --web.listen-address: use one",
  ],
  [
    "--web.thread --web.systemd-socket",
    "--web.thread cannot use the sockets of --web.systemd-socket: only the main thread can open them",
  ],
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
  ["--web.bearer-token-file=", '--web.bearer-token-file must be the path of a file, got ""'],
  ...["", "10.0.0.0/33", "10.0.0.0/8,", "10.0.0.256", "fe80::1%eth0", "localhost"].map(
    (text): [string, string] => [
      `--web.allowed-networks=${text}`,
      '--web.allowed-networks must be networks such as "10.0.0.0/8" or "::1", got "',
    ],
  ),
  [
    "--web.open-health=always",
    '--web.open-health must be one of never, without-credentials, without-certificate, got "always"',
  ],
  ["--web.health-listen-address=", `--web.health-listen-address must be ${ADDRESS}, got ""`],
  ...["", "66", "0888", "1660", "4755", "rw-rw----", "00660"].map((text): [string, string] => [
    `--web.socket-mode=${text}`,
    `--web.socket-mode must be permissions such as 0660, got "${text}"`,
  ]),
  ...["", "no-such-group", "-1", "4294967295", "--help", "a:b"].map((text): [string, string] => [
    `--web.socket-group=${text}`,
    `--web.socket-group must be the name or id of a group on this machine, got "${text}"`,
  ]),
  ["--web.config.check", "--web.config.check needs --web.config.file or --web.bearer-token-file"],
  ["--web.config.check --web.config.file=", "--web.config.check needs"],
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
  ["--config.file=web.yml", "--web.config.file"],
  ["--web.config-file=web.yml", "--web.config.file"],
  ["--config=web.yml", "--web.config.file"],
  ["--tls", "--web.config.file"],
  ["--systemd-socket", "--web.systemd-socket"],
  ["--config.check", "--web.config.check"],
  ["--check-config", "--web.config.check"],
  ["--web.bearer-token=abc", "--web.bearer-token-file"],
  ["--allowed-network=::1", "--web.allowed-networks"],
  ["--web.health-listen-adress=:1", "--web.health-listen-address"],
  ["--socket-mode=0600", "--web.socket-mode"],
  ["--hlep", "--help"],
  ["--new", "--init"],
  ["-v", "--version"],
];

for (const [args, flag] of MISTAKES) {
  test(`parseCommand() suggests ${flag} for "${args}"`, () => {
    assert.throws(() => parseCommand(words(args)), {
      message: new RegExp(`^Unknown option '-[^']+'\\. Did you mean ${flag}\\?$`),
    });
  });
}

for (const args of ["--nope", "-x", "--interval=5"]) {
  test(`parseCommand() suggests nothing for "${args}"`, () => {
    assert.throws(() => parseCommand(words(args)), { message: /^Unknown option '-[^']+'$/ });
  });
}

test("the help names every flag and the server's default", () => {
  for (const flag of Object.keys(FLAGS)) assert.ok(HELP.includes(`--${flag}`), flag);
  const { maxRequestsInFlight, maxHeaderBytes, openHealth, socketMode } = resolveOptions();
  assert.match(HELP, new RegExp(`--web.max-requests=${maxRequestsInFlight} `));
  assert.match(HELP, new RegExp(`--web.max-header-bytes=${maxHeaderBytes}\n`));
  assert.match(HELP, new RegExp(`--web.open-health=${openHealth}\n`));
  assert.match(HELP, new RegExp(`--web.socket-mode=0${socketMode.toString(8)} `));
});

function words(args: string): string[] {
  return args.split(" ").filter((word) => word !== "");
}
