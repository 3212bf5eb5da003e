import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { watch } from "../helpers/fork-fixture.ts";
import { connectHttp1 } from "./http1-client.ts";
import { createJournal } from "./journal.ts";
import type { Way } from "./way.ts";

const RUNTIMES = fileURLToPath(new URL("../runtimes/node_modules/", import.meta.url));
const SERVER = fileURLToPath(new URL("../fixtures/fetch-server.mjs", import.meta.url));

/** The web servers of other runtimes, which call a function of the Fetch API. */
export const RUNTIME_WAYS: readonly Way[] = [
  programWay("Bun", [`${RUNTIMES}@oven/bun-linux-x64/bin/bun`]),

  programWay("Deno", [
    `${RUNTIMES}@deno/linux-x64-glibc/deno`,
    ...["run", "--no-prompt", "--allow-net", "--allow-read", "--allow-env", "--allow-sys"],
  ]),
];

/** Makes the way in of a program that serves a source; it tells what happens on its output. */
function programWay(
  name: string,
  [program, ...flags]: readonly [string, ...string[]],
  cannot: Way["cannot"] = {},
): Way {
  return {
    name,
    cannot,
    async start(setup) {
      const journal = createJournal();
      const child = spawn(program, [...flags, SERVER, JSON.stringify(setup)], { stdio: "pipe" });
      readLines(child.stdout, journal.add);
      readLines(child.stderr, (line) => journal.add(`error stderr: ${line}`));
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
    },
  };
}

function readLines(input: Readable, onLine: (line: string) => void): void {
  createInterface({ input }).on("line", onLine);
}
