import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { poll } from "../poll.ts";
import { within } from "../within.ts";
import type { Actions } from "./actions.ts";

/** What a worker says of itself first. */
interface Hello {
  readonly name: string;
  readonly pid: number;
  readonly thread: number;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A process or thread of an application under test. */
export class Worker {
  readonly name: string;
  readonly pid: number;
  readonly thread: number;
  /** Resolves when it has ended: the kernel closes its connection then. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(socket: Socket, { name, pid, thread }: Hello) {
    this.name = name;
    this.pid = pid;
    this.thread = thread;
    this.#socket = socket;
    this.ended = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  /** Waits for what the worker at the other end of a connection says of itself. */
  static async greet(socket: Socket): Promise<Worker> {
    // A worker that is killed resets the connection.
    socket.on("error", () => {});
    const lines = createInterface(socket).on("error", () => {});
    const [hello]: [string] = await (once(lines, "line") as Promise<[string]>);
    const worker = new Worker(socket, JSON.parse(hello));
    lines.on("line", (line) => {
      const answer: Answer = JSON.parse(line);
      worker.#waiting.get(answer.id)?.(answer);
      worker.#waiting.delete(answer.id);
    });
    return worker;
  }

  /** Tells it to do something, and waits until it is done. */
  async tell<Action extends keyof Actions>(
    action: Action,
    ...args: Parameters<Actions[Action]>
  ): Promise<ReturnType<Actions[Action]>> {
    const id = this.#asked++;
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, resolve);
      void this.ended.then(() => reject(new Error("It has ended")));
    });
    this.#socket.write(`${JSON.stringify({ id, action, args })}\n`);
    const { value, error } = await within(`${this.name}: ${action}`, answered);
    if (error !== undefined) throw new Error(`${this.name} cannot ${action}: ${error}`);
    // The fixture returns what `Actions` says.
    return value as ReturnType<Actions[Action]>;
  }

  /** Tells it to do something that ends it, and waits for its end. */
  async end(action: "exit" | "idle" | "throw"): Promise<void> {
    this.tell(action).catch(() => {});
    await this.#end();
  }

  /** Kills its process, and waits for the end. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    process.kill(this.pid, signal);
    await this.#end();
  }

  /** The kernel closes its connection a moment before its process has ended. */
  async #end(): Promise<void> {
    await within(`the end of ${this.name}`, this.ended);
    if (this.thread === 0) await poll(`the end of process ${this.pid}`, () => !isRunning(this.pid));
  }

  /** Ends it without a word. */
  release(): void {
    this.#socket.end();
  }
}

/** Whether a process runs; one that its parent has yet to notice does not. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
