import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../http/free-port.ts";
import { poll } from "../poll.ts";
import { type Fixture, watch } from "../processes/fork-fixture.ts";
import { within } from "../within.ts";
import type { Kind } from "./actions.ts";
import { type Reading, scrape } from "./reading.ts";
import { Worker } from "./worker.ts";

const SCRIPT = fileURLToPath(new URL("../../fixtures/workers/worker.mjs", import.meta.url));

/** How an application is started. */
export interface ApplicationParts {
  /** How the first process starts the others. */
  readonly kind: Kind;
  /** Whether the first process has the line, too. @default true */
  readonly isRootServing?: boolean;
  /** How many workers have the line, the first process included if it has it. @default 4 */
  readonly count?: number;
  /** Options beside `workers: true`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Another folder than its own for what the workers share. */
  readonly runtimeFolder?: string;
  /** Another port than one of its own. */
  readonly port?: number;
  /** Another runtime than that of the test, with its arguments. */
  readonly runtime?: readonly [string, ...string[]];
  /** Another client library than prom-client. */
  readonly library?: string;
}

/** An application of several workers, each of which does what the test tells it. */
export class Application implements AsyncDisposable {
  /** The first process, which starts the others. */
  readonly root: Worker;
  /** Those that have the line, in the order in which they joined. */
  readonly workers: Worker[] = [];
  readonly port: number;
  readonly folder: string;
  readonly #all: Worker[];
  readonly #control: Control;
  readonly #process: Fixture;
  readonly #parts: ApplicationParts;
  readonly #blocks: string[] = [];

  private constructor(
    parts: ApplicationParts,
    setup: { control: Control; folder: string; port: number; process: Fixture; root: Worker },
  ) {
    this.#parts = parts;
    this.#control = setup.control;
    this.#process = setup.process;
    this.#all = [setup.root];
    this.folder = setup.folder;
    this.port = setup.port;
    this.root = setup.root;
  }

  /** Starts the first process, and nothing else. */
  static async start(parts: ApplicationParts): Promise<Application> {
    const folder = await mkdtemp(join(tmpdir(), "promhttp-workers-"));
    const control = await Control.listen(join(folder, "control"));
    const port = parts.port ?? (await freePort());
    const arrival = control.arrivalOf("root");
    const env = {
      ...process.env,
      WORKER_CONTROL: control.path,
      WORKER_NAME: "root",
      WORKER_LIBRARY: parts.library ?? "prom-client",
      PROMHTTP_RUNTIME_DIR: parts.runtimeFolder ?? join(folder, "run"),
    };
    const [program, ...flags] = parts.runtime ?? [process.execPath];
    const child = watch(spawn(program, [...flags, SCRIPT], { env, stdio: "pipe" }));
    const root = await within("the first process", arrival);
    return new Application(parts, { control, folder, port, process: child, root });
  }

  /** Starts an application, and waits until all its workers have joined. */
  static async open(parts: ApplicationParts): Promise<Application> {
    const application = await Application.start(parts);
    try {
      await application.#joinAll();
    } catch (error) {
      await application.close();
      throw error;
    }
    return application;
  }

  async #joinAll(): Promise<void> {
    const { isRootServing = true, count = 4 } = this.#parts;
    if (isRootServing) await this.join(this.root);
    // Started at once, because starting is most of what a test costs.
    const missing = Array.from({ length: count - this.workers.length }, () => this.startWorker());
    for (const worker of await Promise.all(missing)) await this.join(worker);
  }

  /** Starts a worker that does not have the line yet. */
  async startWorker(by: Worker = this.root, kind: Kind = this.#parts.kind): Promise<Worker> {
    const name = this.#control.newName();
    const arrival = this.#control.arrivalOf(name);
    await by.tell("start", kind, name);
    const worker = await within(`the start of ${name}`, arrival);
    this.#all.push(worker);
    return worker;
  }

  /** Has a worker run the line. */
  async join(worker: Worker): Promise<Worker> {
    await worker.tell("listen", this.address, { workers: true, ...this.#parts.options });
    this.workers.push(worker);
    return worker;
  }

  /** Starts a worker that has the line. */
  async addWorker(): Promise<Worker> {
    return this.join(await this.startWorker());
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `http://${this.address}/metrics`;
  }

  scrape(headers: Readonly<Record<string, string>> = {}, query = ""): Promise<Reading> {
    return scrape(this.url + query, headers);
  }

  /** Blocks the event loop of a worker. @returns what ends that */
  async block(worker: Worker): Promise<() => Promise<void>> {
    const path = await this.hold();
    const sign = `${path}-blocked`;
    await worker.tell("block", path, sign);
    // Its answer comes before it blocks: a scrape could still be answered in between.
    let hasEnded = false;
    void worker.ended.then(() => {
      hasEnded = true;
    });
    await poll(`the block of ${worker.name}`, () => hasEnded || existsSync(sign));
    return () => this.release(path);
  }

  /** Makes a file whose removal is a sign for a worker. */
  async hold(): Promise<string> {
    const path = join(this.folder, `hold-${this.#blocks.length}`);
    await writeFile(path, "");
    this.#blocks.push(path);
    return path;
  }

  /** Gives the sign. */
  release(path: string): Promise<void> {
    return rm(path, { force: true });
  }

  /** Waits for a line on the standard error of any of its processes. */
  errorLine(pattern: RegExp): Promise<string> {
    return this.#process.errorLine(pattern);
  }

  /** What all of its processes have written to standard error so far. */
  errors(): string {
    return this.#process.errors();
  }

  /** Ends all workers. @returns what they have written to standard error */
  async close(): Promise<string> {
    await Promise.all(this.#blocks.map((path) => rm(path, { force: true })));
    for (const worker of this.#all) worker.release();
    await within("the end of all workers", Promise.all(this.#all.map(({ ended }) => ended)));
    const { stderr } = await this.#process.exit();
    await this.#control.close();
    await rm(this.folder, { recursive: true, force: true });
    return stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Where workers connect, and say who they are. */
class Control {
  readonly path: string;
  readonly #server: Server;
  readonly #arrivals = new Map<string, (worker: Worker) => void>();
  #names = 0;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.path = path;
    server.on("connection", async (socket) => {
      const worker = await Worker.greet(socket);
      this.#arrivals.get(worker.name)?.(worker);
    });
  }

  static async listen(path: string): Promise<Control> {
    const server = createServer().listen(path);
    await once(server, "listening");
    return new Control(server, path);
  }

  newName(): string {
    return `worker-${++this.#names}`;
  }

  arrivalOf(name: string): Promise<Worker> {
    return new Promise((resolve) => this.#arrivals.set(name, resolve));
  }

  async close(): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }
}
