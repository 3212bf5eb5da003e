import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { watch } from "../helpers/processes/fork-fixture.ts";
import { connectHttp1 } from "./clients/http1.ts";
import { createJournal } from "./journal.ts";
import { OVER_FETCH } from "./node-ways.ts";
import type { Running, Setup, Way } from "./way.ts";

const RUNTIMES = fileURLToPath(new URL("../runtimes/node_modules/", import.meta.url));
const SERVER = fileURLToPath(new URL("../fixtures/fetch-server.mjs", import.meta.url));

/** The error that our stream fails with, and where in the code it comes from. */
const CUT_OFF = /^error stderr: ( *\d+ \| | *\^$|error: The response was cut off$| +at |$)/i;

/** Also what is said once where nobody knows the address of a client. */
const OWN_LOG = new RegExp(`${CUT_OFF.source}|${OVER_FETCH.ownLog?.source}`, "i");

const CANNOT = {
  ...OVER_FETCH.cannot,
  "asks the option auth.authorize": "A function cannot be passed to another process.",
  "sends no length with HEAD": "The runtime sends a length of 0.",
};

/** The web servers of other runtimes, which call a function of the Fetch API. */
export const RUNTIME_WAYS: readonly Way[] = [
  {
    name: "Bun",
    cannot: {
      ...CANNOT,
      "rejects an unknown transfer coding without gathering": "The runtime answers with 400.",
    },
    start: (setup) => startProgram([`${RUNTIMES}@oven/bun-linux-x64/bin/bun`, SERVER], setup),
    ownLog: OWN_LOG,
  },
  {
    name: "Deno",
    cannot: CANNOT,
    start: (setup) => startProgram([...DENO, SERVER], setup),
    ownLog: OWN_LOG,
  },
];

const DENO = [
  `${RUNTIMES}@deno/linux-x64-glibc/deno`,
  ...["run", "--no-prompt", "--allow-net", "--allow-read", "--allow-env", "--allow-sys"],
] as const;

/** What Deno tells everybody once who listens to the signal of a request. */
const DENO_HINT = /^Deno\.serve: request\.signal aborts on successful responses/;

/** Starts a program that serves a source, and says on its output what happens. */
async function startProgram(
  [program, ...flags]: readonly [string, ...string[]],
  setup: Setup,
): Promise<Running> {
  const journal = createJournal();
  const child = spawn(program, [...flags, JSON.stringify(setup)], { stdio: "pipe" });
  readLines(child.stdout, journal.add);
  readLines(child.stderr, (line) => {
    if (!DENO_HINT.test(line)) journal.add(`error stderr: ${line}`);
  });
  const fixture = watch(child);
  const port = Number(await fixture.line("listening "));
  return {
    journal,
    connect: () => connectHttp1(port),
    async close() {
      fixture.signal("SIGTERM");
      await fixture.exit();
    },
  };
}

function readLines(input: Readable, onLine: (line: string) => void): void {
  createInterface({ input }).on("line", onLine);
}
