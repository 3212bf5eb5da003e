import assert from "node:assert/strict";
import { test } from "node:test";
import { ExporterError } from "../../../../src/programs/cli/exit.ts";
import { checkFlags } from "../../../../src/programs/cli/flags/declared-flags.ts";
import { FLAGS } from "../../../../src/programs/cli/flags/flag-table.ts";

test("checkFlags() accepts flags of every type, with everything that they may have", () => {
  const flags = {
    url: { type: "string", help: "Where it is.", env: "DB_URL", required: true },
    "db.timeout-s": { type: "number", default: 0 },
    A_b: { type: "boolean", default: true, env: "_a1" },
    table: { type: "string", multiple: true, default: [] },
    port: { type: "number", multiple: true, default: [1, 2], help: undefined },
  };
  assert.equal(checkFlags(flags), flags);
  assert.deepEqual(checkFlags({}), {});
});

/** Exports that are wrong, and what the message is. */
const WRONG: readonly (readonly [flags: unknown, message: string])[] = [
  [5, 'Export "flags" must be an object, got a number'],
  [null, 'Export "flags" must be an object, got null'],
  [["a"], 'Export "flags" must have names such as "db.url", got "0"'],
  ...["", "-a", "1", ".a", "a b", "a=b", "no-a", "é", "__proto__x"].map(
    (name): [object, string] => [
      { [name]: { type: "string" } },
      `Export "flags" must have names such as "db.url", got ${JSON.stringify(name)}`,
    ],
  ),
  ...Object.keys(FLAGS).map((name): [object, string] => [
    { [name]: { type: "string" } },
    `Export "flags" must not have "${name}", which is a flag of promhttp`,
  ]),
  [{ a: "string" }, 'Export "flags.a" must be an object, got a string'],
  [{ a: {} }, 'Export "flags.a.type" must be a string, got undefined'],
  [
    { a: { type: "integer" } },
    'Export "flags.a.type" must be "string" or "number" or "boolean", got "integer"',
  ],
  [{ a: { type: "string", hlep: "x" } }, 'Unknown option "flags.a.hlep"'],
  [{ a: { type: "string", help: 1 } }, 'Export "flags.a.help" must be a string, got 1'],
  ...["", "a-b", "1a", "A=B"].map((env): [object, string] => [
    { a: { type: "string", env } },
    `Export "flags.a.env" must be the name of a variable, got "${env}"`,
  ]),
  [
    { a: { type: "string", multiple: "yes" } },
    'Export "flags.a.multiple" must be a boolean, got "yes"',
  ],
  [{ a: { type: "string", default: 1 } }, 'Export "flags.a.default" must be a string'],
  [{ a: { type: "number", default: "1" } }, 'Export "flags.a.default" must be a number'],
  [{ a: { type: "string", default: ["b"] } }, 'Export "flags.a.default" must be a string'],
  [
    { a: { type: "number", multiple: true, default: 1 } },
    'Export "flags.a.default" must be an array with elements of type number',
  ],
  [
    { a: { type: "number", multiple: true, default: [1, "2"] } },
    'Export "flags.a.default" must be an array with elements of type number',
  ],
  [
    { a: { type: "string", required: true, default: "b" } },
    'Export "flags.a" must not be required: it has a default',
  ],
];

for (const [flags, message] of WRONG) {
  test(`checkFlags() says: ${message}`, () => {
    assert.throws(
      () => checkFlags(flags),
      (error) => {
        assert.ok(error instanceof ExporterError);
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}
