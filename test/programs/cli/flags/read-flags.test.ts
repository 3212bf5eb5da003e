import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ExporterFlags } from "../../../../src/index.ts";
import { divide, UsageError } from "../../../../src/programs/cli/flags/command-line.ts";
import { type Environment, readFlags } from "../../../../src/programs/cli/flags/read-flags.ts";
import { codePoints } from "../../../helpers/code-points.ts";

const FLAGS = {
  url: { type: "string", env: "URL" },
  name: { type: "string", default: "main", env: "NAME" },
  seconds: { type: "number", default: 2.5, env: "SECONDS" },
  tls: { type: "boolean", env: "TLS" },
  pool: { type: "boolean", default: true },
  table: { type: "string", multiple: true, env: "TABLES" },
  port: { type: "number", multiple: true, default: [1, 2], env: "PORTS" },
} satisfies ExporterFlags;

const DEFAULTS = {
  url: undefined,
  name: "main",
  seconds: 2.5,
  tls: false,
  pool: true,
  table: [],
  port: [1, 2],
};

/** As the program reads what stands behind a module. */
function read(line: string, env: Environment = {}, flags: ExporterFlags = FLAGS) {
  const args = line.split(" ").filter((word) => word !== "");
  const { ours, theirs } = divide(["m.mjs", ...args]);
  assert.deepEqual(ours, ["m.mjs"]);
  return readFlags(flags, theirs, env);
}

const CASES: readonly (readonly [line: string, env: Environment, expected: object])[] = [
  ["", {}, {}],
  ["--url=x", {}, { url: "x" }],
  ["--url x", {}, { url: "x" }],
  ["--url=", {}, { url: "" }],
  ["--url=-x", {}, { url: "-x" }],
  ["--url=a=b", {}, { url: "a=b" }],
  ["--url -5", {}, { url: "-5" }],
  ["--seconds=10", {}, { seconds: 10 }],
  ["--seconds -5", {}, { seconds: -5 }],
  ["--seconds=-1.5e-3", {}, { seconds: -0.001_5 }],
  ["--seconds=+.5", {}, { seconds: 0.5 }],
  ["--seconds=0", {}, { seconds: 0 }],
  ["--tls", {}, { tls: true }],
  ["--no-tls --no-pool", {}, { pool: false }],
  ["--table a --table=b", {}, { table: ["a", "b"] }],
  ["--table=a,b", {}, { table: ["a,b"] }],
  ["--port -1 --port=2", {}, { port: [-1, 2] }],
  // The environment, below the command line.
  ["", { URL: "x", NAME: "y", SECONDS: "1" }, { url: "x", name: "y", seconds: 1 }],
  ["", { URL: "", NAME: "", SECONDS: "", TLS: "", TABLES: "", PORTS: "" }, {}],
  ["--url=y", { URL: "x" }, { url: "y" }],
  ["--url=", { URL: "x" }, { url: "" }],
  ["--seconds=3", { SECONDS: "soon" }, { seconds: 3 }],
  ["--no-tls", { TLS: "true" }, {}],
  ["", { TLS: "true" }, { tls: true }],
  ["", { TLS: "1" }, { tls: true }],
  ["", { TLS: "False" }, {}],
  ["", { TLS: "0" }, {}],
  ["", { TABLES: "a" }, { table: ["a"] }],
  ["", { TABLES: "a, b,,c d," }, { table: ["a", "b", "c d"] }],
  ["", { TABLES: " , " }, {}],
  ["--table=z", { TABLES: "a,b" }, { table: ["z"] }],
  ["", { PORTS: "3,-4" }, { port: [3, -4] }],
];

for (const [line, env, expected] of CASES) {
  test(`readFlags() reads "${line}" with ${JSON.stringify(env)}`, () => {
    assert.deepEqual(read(line, env), { ...DEFAULTS, ...expected });
  });
}

const REQUIRED = {
  url: { type: "string", required: true, env: "URL" },
  port: { type: "number", required: true },
} satisfies ExporterFlags;

/** What is wrong with the flags of a module, and the message. */
const WRONG: readonly (readonly [
  line: string,
  env: Environment,
  flags: ExporterFlags,
  message: string,
])[] = [
  ["--urk=secret", {}, FLAGS, "Unknown option '--urk'. Did you mean --url?"],
  ["--no-tsl", {}, FLAGS, "Unknown option '--no-tsl'. Did you mean --no-tls?"],
  ["--web.listen-adress=:1", {}, FLAGS, /Did you mean --web.listen-address\?$/.source],
  ["--no-url", {}, FLAGS, "Unknown option '--no-url'"],
  ["--password secret", {}, FLAGS, "Unknown option '--password'"],
  ["--constructor", {}, FLAGS, "Unknown option '--constructor'"],
  ["--x=secret", {}, {}, "Unknown option '--x'"],
  ["--tls=true", {}, FLAGS, "Option '--tls' does not take an argument"],
  ["--tls secret", {}, FLAGS, "Option '--tls' does not take an argument"],
  ["--url", {}, FLAGS, "Option '--url <value>' argument missing"],
  ["--url --tls", {}, FLAGS, "Option '--url' needs a value. One with a dash: --url=-x"],
  ["--url=secret --url=secret", {}, FLAGS, "Option '--url' cannot be repeated"],
  ["--tls --no-tls", {}, FLAGS, "Option '--tls' cannot be repeated"],
  ...["", "secret", "1,5", "0x10", "1e999", "NaN", "Infinity", "1s", "-", "."].map(
    (text): [string, Environment, ExporterFlags, string] => [
      `--seconds=${text}`,
      {},
      FLAGS,
      "--seconds must be a number",
    ],
  ),
  ["", { SECONDS: "secret" }, FLAGS, "Environment variable SECONDS (--seconds) must be a number"],
  ["", { TLS: "secret" }, FLAGS, "Environment variable TLS (--tls) must be true or false"],
  ["", { PORTS: "1,secret" }, FLAGS, "Environment variable PORTS (--port) must be a number"],
  ["--port=1", {}, REQUIRED, "--url is required, or the environment variable URL"],
  ["--port=1", { URL: "" }, REQUIRED, "--url is required, or the environment variable URL"],
  ["--url=x", {}, REQUIRED, "--port is required"],
  ["--url= --port=1", { URL: "secret" }, REQUIRED, "--url must not be empty"],
];

for (const [line, env, flags, message] of WRONG) {
  test(`readFlags() rejects "${line}" with ${JSON.stringify(env)}, and shows no value`, () => {
    assert.throws(
      () => read(line, env, flags),
      (error) => {
        assert.ok(error instanceof UsageError);
        if (message.endsWith("$")) assert.match(error.message, new RegExp(message));
        else assert.equal(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}

test("readFlags() freezes the values, and keeps the default of the module as it is", () => {
  const values = read("--table=a");
  assert.ok(Object.isFrozen(values));
  assert.ok(Object.isFrozen(values["table"]));
  assert.ok(Object.isFrozen(values["port"]));
  assert.notEqual(values["port"], FLAGS.port.default);
  assert.ok(!Object.isFrozen(FLAGS.port.default));
});

test("readFlags() reads every text as it is, and shows none that is wrong", () => {
  const flags = {
    constructor: { type: "string" },
    toString: { type: "string", multiple: true },
    size: { type: "number" },
  } as const satisfies ExporterFlags;
  fc.assert(
    fc.property(fc.string({ unit: codePoints }), fc.array(fc.string()), (text, list) => {
      const args = list.map((item) => `--toString=${item}`);
      const { theirs } = divide(["m.mjs", `--constructor=${text}`, ...args]);
      const { constructor: read, toString: items } = readFlags(flags, theirs, {});
      assert.deepEqual([read, items], [text, list]);
      // It is one argument, whatever follows: a flag, a value of the flag before, or an error.
      const secret = `secret ${text}`;
      for (const line of [["--size", secret], [`--size=${secret}`], [`--sise=${secret}`]]) {
        assert.throws(
          () => readFlags(flags, divide(["m.mjs", ...line]).theirs, {}),
          ({ message }: Error) => !message.includes("secret"),
        );
      }
    }),
  );
});
