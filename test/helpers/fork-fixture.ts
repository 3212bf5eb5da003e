import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { within } from "./within.ts";

/** How a child process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child process under test. */
export interface Fixture {
  /** Waits for a line of its output that begins with `start`, and returns what follows. */
  line(start: string): Promise<string>;
  /** Sends a line to its input. */
  tell(line: string): void;
  signal(signal: NodeJS.Signals): void;
  /** Waits for its end. */
  exit(): Promise<Exit>;
}

/**
 * Starts a script of `test/fixtures/`.
 *
 * @param stdio What the child gets beyond its standard streams, from file descriptor 3 on.
 */
export function forkFixture(
  name: string,
  args: readonly string[] = [],
  stdio: Exclude<StdioOptions, string> = [],
): Fixture {
  const script = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const loader = name.endsWith(".ts") ? ["--import", "tsx"] : [];
  const child = spawn(process.execPath, [...loader, script, ...args], {
    stdio: ["pipe", "pipe", "pipe", ...stdio],
  });
  return watch(child);
}

/** Reads what a child process writes, which must have pipes for its streams. */
export function watch(child: ChildProcess): Fixture {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  // It may end before it reads what it is told.
  child.stdin?.on("error", () => {});
  const exit = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const find = (start: string) =>
    stdout
      .split("\n")
      .slice(0, -1)
      .find((line) => line.startsWith(start))
      ?.slice(start.length);

  const kill = async (error: unknown): Promise<never> => {
    child.kill("SIGKILL");
    await exit;
    throw new Error(`The child failed; it wrote:\n${stdout}${stderr}`, { cause: error });
  };

  return {
    line: (start) =>
      within(
        `the line "${start}" of the child`,
        new Promise<string>((resolve, reject) => {
          const look = () => {
            const found = find(start);
            if (found !== undefined) resolve(found);
          };
          child.stdout?.on("data", look);
          child.once("close", () => reject(new Error(`It ended without the line "${start}"`)));
          look();
        }),
      ).catch(kill),
    tell: (line) => void child.stdin?.write(`${line}\n`),
    signal: (signal) => void child.kill(signal),
    exit: () => within("the end of the child", exit).catch(kill),
  };
}
