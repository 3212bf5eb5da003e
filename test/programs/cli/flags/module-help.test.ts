import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleHelp } from "../../../../src/programs/cli/flags/module-help.ts";

test("moduleHelp() shows the flags of a module in the columns of ours", () => {
  const help = moduleHelp("./m.mjs", {
    "db.url": { type: "string", env: "DB_URL", required: true, help: "Where the database is." },
    "db.name": { type: "string", default: 'a"b', help: " Which\n  database. " },
    "db.timeout": {
      type: "number",
      default: 0,
      help: "How long a query may take, in seconds. A query that takes longer is cancelled.",
    },
    "db.port": { type: "number", multiple: true, default: [1, 2], env: "PORTS" },
    "db.table": { type: "string", multiple: true, default: [] },
    "db.tls": { type: "boolean", help: "Whether to use TLS." },
    "db.pool": { type: "boolean", default: true, help: "Whether to keep connections.", env: "P" },
    "collector.statements": { type: "boolean", help: "A name that just fits." },
    "collector.statementsx": { type: "boolean", help: "A name that does not fit." },
    x: { type: "string" },
  });
  const expected = `
Flags of ./m.mjs, given after it:
      --db.url=STRING            Where the database is. (required) ($DB_URL)
      --db.name="a\\"b"           Which database.
      --db.timeout=0             How long a query may take, in seconds. A query that takes longer is
                                 cancelled.
      --db.port=1,2 ...          ($PORTS)
      --db.table=STRING ...
      --[no-]db.tls              Whether to use TLS.
      --[no-]db.pool             Whether to keep connections. (on by default) ($P)
      --[no-]collector.statements
                                 A name that just fits.
      --[no-]collector.statementsx
                                 A name that does not fit.
      --x=STRING
`;
  assert.equal(help, expected);
});

test("moduleHelp() shows nothing of a module without flags", () => {
  assert.equal(moduleHelp("m.mjs", {}), "");
});
