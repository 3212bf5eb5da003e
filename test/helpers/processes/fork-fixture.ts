import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { within } from "../within.ts";

/** What lets Node load TypeScript: `node --import ${TYPESCRIPT} file.ts`. */
export const TYPESCRIPT: string = new URL("../../../tools/typescript/register.mjs", import.meta.url)
  .href;

/** How a child process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child process under test. */
export interface Fixture {
  /**
   * Waits for a line of its output that begins with `start`, and returns what follows.
   *
   * @param limitMs How long at most, where the default of `within()` is too short.
   */
  line(start: string, limitMs?: number): Promise<string>;
  /** Waits for a line of its standard error that matches, and returns what the group caught. */
  errorLine(pattern: RegExp): Promise<string>;
  /** What it has written to its standard error so far. */
  errors(): string;
  /** Sends a line to its input. */
  tell(line: string): void;
  /** Ends its input. */
  closeInput(): void;
  /** Reads its standard output no longer. */
  closeOutput(): void;
  /** Reads its standard error no longer. */
  closeErrors(): void;
  signal(signal: NodeJS.Signals): void;
  /**
   * Waits for its end.
   *
   * @param limitMs As for `line()`.
   */
  exit(limitMs?: number): Promise<Exit>;
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
  const script = fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
  const loader = name.endsWith(".ts") ? ["--import", TYPESCRIPT] : [];
  return forkNode([...loader, script, ...args], { stdio });
}

/** How a child process is started. */
export interface ForkOptions {
  /** @default the working directory of this process */
  readonly cwd?: string;
  /** Environment variables beside those of this process; `undefined` removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What the child gets beyond its standard streams, from file descriptor 3 on. */
  readonly stdio?: Exclude<StdioOptions, string>;
  /** Another Node. @default that of this process */
  readonly program?: string;
}

/** Starts Node with any arguments. */
export function forkNode(args: readonly string[], options: ForkOptions = {}): Fixture {
  const { cwd, env, stdio = [], program = process.execPath } = options;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
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
  const kill = async (error: unknown): Promise<never> => {
    child.kill("SIGKILL");
    await exit;
    throw new Error(`The child failed; it wrote:\n${stdout}${stderr}`, { cause: error });
  };
  const find = (
    stream: Readable | null,
    what: string,
    look: () => string | undefined,
    limitMs?: number,
  ) => {
    const found = new Promise<string>((resolve, reject) => {
      const onEnd = () => reject(new Error(`It ended without ${what}`));
      const onData = () => {
        const line = look();
        if (line === undefined) return;
        stream?.off("data", onData);
        child.off("close", onEnd);
        resolve(line);
      };
      stream?.on("data", onData);
      child.once("close", onEnd);
      onData();
    });
    return within(`${what} of the child`, found, limitMs).catch(kill);
  };

  return {
    line: (start, limitMs) => {
      const look = () =>
        completeLines(stdout)
          .find((line) => line.startsWith(start))
          ?.slice(start.length);
      return find(child.stdout, `the line "${start}"`, look, limitMs);
    },
    errorLine: (pattern) =>
      find(child.stderr, `an error like ${pattern}`, () => {
        const matches = completeLines(stderr).map((line) => pattern.exec(line));
        const match = matches.find((found) => found !== null);
        return match?.[1] ?? match?.[0];
      }),
    errors: () => stderr,
    tell: (line) => void child.stdin?.write(`${line}\n`),
    closeInput: () => void child.stdin?.end(),
    closeOutput: () => void child.stdout?.destroy(),
    closeErrors: () => void child.stderr?.destroy(),
    signal: (signal) => void child.kill(signal),
    exit: (limitMs) => within("the end of the child", exit, limitMs).catch(kill),
  };
}

function completeLines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
