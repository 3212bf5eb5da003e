import assert from "node:assert/strict";
import { test } from "node:test";
import { divide } from "../../../../src/programs/cli/flags/command-line.ts";
import { parseCommand } from "../../../../src/programs/cli/flags/flags.ts";

/** Command lines, and what of them is the module's. */
const CASES: readonly (readonly [args: string, ours: string, theirs: string])[] = [
  ["", "", ""],
  ["m.mjs", "m.mjs", ""],
  ["m.mjs --db.tls", "m.mjs", "--db.tls"],
  ["m.mjs --db.url=x --no-db.tls", "m.mjs", "--db.url=x --no-db.tls"],
  ["m.mjs --db.url x --db.tls", "m.mjs", "--db.url=x --db.tls"],
  ["m.mjs --db.url a=b", "m.mjs", "--db.url=a=b"],
  ["m.mjs --db.url -", "m.mjs", "--db.url=-"],
  ["m.mjs --db.offset -5 --db.tls", "m.mjs", "--db.offset=-5 --db.tls"],
  ["m.mjs --db.offset -.5e3", "m.mjs", "--db.offset=-.5e3"],
  ["m.mjs --db.offset=-5", "m.mjs", "--db.offset=-5"],
  // Ours may stand anywhere, with values of their own.
  [
    "--web.listen-address :1 m.mjs --db.url x --log.level debug",
    "--web.listen-address :1 m.mjs --log.level debug",
    "--db.url=x",
  ],
  ["--log.level=debug m.mjs --db.tls -h", "--log.level=debug m.mjs -h", "--db.tls"],
  ["m.mjs --db.url --log.level debug x", "m.mjs --log.level debug x", "--db.url"],
  // What no module can have declared.
  ["--db.url x m.mjs", "--db.url x m.mjs", ""],
  ["m.mjs other.mjs --db.tls", "m.mjs other.mjs", "--db.tls"],
  ["m.mjs --db.url=x other.mjs", "m.mjs other.mjs", "--db.url=x"],
  ["m.mjs --db.url x other.mjs", "m.mjs other.mjs", "--db.url=x"],
  ["m.mjs --db.offset -5 -6", "m.mjs -6", "--db.offset=-5"],
  ["m.mjs -5", "m.mjs -5", ""],
  ["m.mjs -x --db.tls", "m.mjs -x", "--db.tls"],
  ["m.mjs --db.url -secret", "m.mjs -secret", "--db.url"],
  ["m.mjs --db.url -- x", "m.mjs -- x", "--db.url"],
  ["m.mjs -- --db.url=x", "m.mjs -- --db.url=x", ""],
  ["-- m.mjs --db.url=x", "-- m.mjs --db.url=x", ""],
];

for (const [args, ours, theirs] of CASES) {
  test(`divide() finds the flags of the module in "${args}"`, () => {
    assert.deepEqual(divide(words(args)), { ours: words(ours), theirs: words(theirs) });
  });
}

test("parseCommand() keeps the flags of the module apart", () => {
  const command = parseCommand(words("--web.max-requests=3 m.mjs --db.url x --log.level=debug"));
  assert.ok(command.kind === "serve");
  const { module, moduleFlags, maxRequestsInFlight, logLevel } = command.settings;
  assert.deepEqual(
    { module, moduleFlags, maxRequestsInFlight, logLevel },
    { module: "m.mjs", moduleFlags: ["--db.url=x"], maxRequestsInFlight: 3, logLevel: "debug" },
  );
});

/** Command lines that are wrong whatever the module declares. */
const WRONG: readonly (readonly [args: string, message: string])[] = [
  ["m.mjs --db.url=x b.mjs", 'Cannot serve more than one module: "b.mjs"'],
  ["m.mjs --log.level=loud --db.url=x", "--log.level must be one of"],
  ["m.mjs --web.max-requests -1 --db.tls", "Option '--web.max-requests' needs a value. One with"],
  ["m.mjs -x --db.tls", "Unknown option '-x'"],
  ["m.mjs --db.url -secret", "Unknown option '-s'"],
  ["m.mjs -- --db.password=secret", 'Cannot serve "--db.password=…". A flag begins with'],
  ["m.mjs db.password=secret", 'Cannot serve "db.password=…". A flag begins with two dashes'],
  ["DB_URL=secret m.mjs", 'Cannot serve "DB_URL=…". A flag begins with two dashes, and a variable'],
  ["DB_URL=secret", "a variable stands before the command"],
  ["--db.url=x m.mjs", "Unknown option '--db.url'. Flags of a module go after it"],
  ["--db.url x m.mjs", "Unknown option '--db.url'. Flags of a module go after it"],
  // One of ours is near, too.
  [
    "--folder.path=x m.mjs",
    "Unknown option '--folder.path'. Did you mean --web.telemetry-path? Flags of a module go after it",
  ],
  [
    "--web.listen-adress=:1 m.mjs",
    "Unknown option '--web.listen-adress'. Did you mean --web.listen-address?",
  ],
  ["--log.level=info --log.level=debug", "Option '--log.level' cannot be repeated"],
  ["m.mjs --web.systemd-socket --web.systemd-socket", "'--web.systemd-socket' cannot be repeated"],
];

for (const [args, message] of WRONG) {
  test(`parseCommand() rejects "${args}" before a module is loaded`, () => {
    assert.throws(
      () => parseCommand(words(args)),
      (error: Error) => {
        assert.ok(error.message.includes(message), error.message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}

function words(args: string): string[] {
  return args.split(" ").filter((word) => word !== "");
}
