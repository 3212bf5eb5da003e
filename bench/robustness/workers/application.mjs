// An application of several workers, seen from outside.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { scrape, sleep, until } from "../target.mjs";

/** How long a worker may take to start, or to join. */
const START_MS = 10_000;

const PM2 = fileURLToPath(new URL("../../node_modules/pm2/bin/pm2", import.meta.url));

/** A worker of an application: what it is told by the runner, it does at once. */
class WorkerUnderTest {
  isGone = false;
  #socket;
  #calls = 0;
  #pending = new Map();

  constructor(socket, hello, lines) {
    this.#socket = socket;
    Object.assign(this, hello);
    lines.on("line", (line) => {
      const { call, value, error } = JSON.parse(line);
      const { resolve, reject } = this.#pending.get(call);
      this.#pending.delete(call);
      if (error === undefined) resolve(value);
      else reject(new Error(error));
    });
    socket.on("close", () => {
      this.isGone = true;
      for (const { reject } of this.#pending.values()) reject(new Error("The worker has ended"));
    });
  }

  /** Runs a function in the worker; it gets the worker's context, and `args`. */
  run(work, ...args) {
    const call = ++this.#calls;
    const { promise, resolve, reject } = withResolvers();
    this.#pending.set(call, { resolve, reject });
    this.#socket.write(`${JSON.stringify({ call, source: `${work}`, args })}\n`);
    // Whoever does not wait has not to handle that the worker ends.
    promise.catch(() => {});
    return promise;
  }

  /** Ends its process from outside. */
  async kill(signal = "SIGKILL") {
    process.kill(this.pid, signal);
    await this.gone();
  }

  async gone() {
    if (!(await until(() => this.isGone))) throw new Error("A worker does not end");
  }
}

/** Processes and threads that are one application. */
export class Application {
  hub;
  /** The workers beside the hub, in the order of their starts. */
  workers = [];
  port;
  output = "";
  folder;
  #program;
  #options;
  #control;
  #children = new Set();
  #sockets = new Set();

  /**
   * Starts an application.
   *
   * @param target Its `program` in `programs/`, the `node` that runs it, and its `env`.
   * @param options `workers` beside the hub, further `env`, a `port` and a runtime `folder` to use again.
   */
  static async start(target, options = {}) {
    const application = new Application();
    application.#program = target;
    application.#options = options;
    application.folder = options.folder ?? mkdtempSync(join(tmpdir(), "promhttp-robust-"));
    application.port = options.port ?? (await freePort());
    await application.#listen();
    try {
      await application.#startAll(options);
    } catch (error) {
      await application.stop();
      throw error;
    }
    return application;
  }

  /** What the workers said of errors that ended them. */
  get crashes() {
    try {
      return readFileSync(join(this.folder, "crashes"), "utf8");
    } catch {
      return "";
    }
  }

  /** Starts one more worker, and gives it when it has joined. */
  async add(env = {}) {
    const count = this.workers.length;
    await this.hub.run(({ startWorker }, more) => startWorker(more), env);
    await this.#waitFor(() => this.workers.length > count);
    return this.workers[count];
  }

  /** Starts one more process beside the others, without a primary of Node's. */
  async fork(env = {}) {
    const count = this.workers.length;
    this.spawn(env);
    await this.#waitFor(() => this.workers.length > count);
    return this.workers[count];
  }

  /** Starts the program once, and gives its process at once. */
  spawn(env = {}) {
    return this.#run([this.#programFile()], env);
  }

  /** Runs a command of PM2. */
  async manage(...args) {
    const child = this.#run([PM2, ...args], { PM2_HOME: join(this.folder, "pm2") });
    await once(child, "exit");
  }

  #programFile() {
    return fileURLToPath(new URL(`programs/${this.#program.program}.mjs`, import.meta.url));
  }

  #run(args, env) {
    const child = spawn(this.#program.node, args, {
      env: {
        ...process.env,
        PROMHTTP_RUNTIME_DIR: join(this.folder, "run"),
        BENCH_PORT: String(this.port),
        BENCH_CONTROL: String(this.#control.address().port),
        BENCH_CRASHES: join(this.folder, "crashes"),
        ...this.#program.env,
        ...this.#options.env,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    child.once("exit", (code, signal) => {
      child.end = signal ?? code;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => {
        this.output += text;
      });
    }
    return child;
  }

  /** Scrapes once. `ms` is how long it took. */
  async scrape({ headers = [], path = "/metrics", limitMs = 9_000 } = {}) {
    const startedAt = performance.now();
    const answer = await scrape(this.port, headers, limitMs, path);
    return { ...answer, ms: performance.now() - startedAt };
  }

  /** Ends a worker from outside: its process, or its thread. */
  async end(worker) {
    if (worker.threadId === 0) await worker.kill();
    else {
      await this.hub.run(({ terminateThread }, id) => terminateThread(id), worker.threadId);
      await worker.gone();
    }
  }

  /** Ends all its processes, and leaves what they have left in the folder. */
  async stopProcesses() {
    if (this.#program.isManaged) await this.manage("kill");
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    // Those of a primary that was killed end by themselves, unless they are busy.
    await until(() => [this.hub, ...this.workers].every((worker) => worker?.isGone ?? true), 500);
    for (const worker of [this.hub, ...this.workers]) {
      if (worker !== undefined && !worker.isGone) endProcess(worker.pid);
    }
  }

  async stop() {
    await this.stopProcesses();
    for (const socket of this.#sockets) socket.destroy();
    this.#control.close();
    if (this.#options.folder === undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  async #listen() {
    this.#control = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      const lines = createInterface(socket);
      lines.once("line", (line) => {
        const worker = new WorkerUnderTest(socket, JSON.parse(line).hello, lines);
        if (worker.isHub && !this.#program.isForked) this.hub = worker;
        else this.workers.push(worker);
      });
    });
    this.#control.listen(0, "127.0.0.1");
    await once(this.#control, "listening");
  }

  async #startAll({ workers = 3 }) {
    if (this.#program.isManaged) {
      await this.manage("start", this.#programFile(), "-i", String(workers));
      await this.#waitFor(() => this.workers.length === workers);
    } else if (this.#program.isForked) {
      for (let count = 0; count <= workers; count++) await this.fork();
      this.hub = this.workers.shift();
    } else {
      this.spawn();
      await this.#waitFor(() => this.hub !== undefined);
      for (let count = 0; count < workers; count++) await this.add();
    }
    // The libraries' workers announce themselves, and nobody says when that has arrived.
    await sleep(200);
  }

  async #waitFor(isDone) {
    const hasEnded = () => [...this.#children].some(({ end }) => end !== undefined && end !== 0);
    await until(() => isDone() || (!this.#program.isForked && hasEnded()), START_MS);
    if (!isDone()) throw new Error(`It does not start: ${errorOf(this.output)}`);
  }
}

/** The line of an output that names an error. */
function errorOf(output) {
  return (
    output.split("\n").find((line) => /^\w*Error|\[cause\]/.test(line.trim())) ??
    output.slice(0, 200)
  );
}

function endProcess(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** `Promise.withResolvers()`, which Node 20 lacks. */
function withResolvers() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
