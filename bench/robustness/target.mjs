import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** How long a server may take for what should take milliseconds. */
export const LIMIT_MS = 5_000;

/** One server in a process of its own. */
export class Target {
  port;
  output = "";
  /** `undefined` as long as it lives. */
  exit;
  #child;

  /**
   * Starts `bench/robustness/rivals/<name>.mjs`, and resolves when it listens, or has ended before.
   *
   * @param files How many files it may open.
   */
  static async start(name, fault, { port, files } = {}) {
    const target = new Target();
    target.port = port ?? (await freePort());
    const script = fileURLToPath(new URL(`rivals/${name}.mjs`, import.meta.url));
    const limit = files === undefined ? "" : `ulimit -n ${files} && `;
    const command = [process.execPath, script, String(target.port), fault];
    target.#child = spawn("sh", ["-c", `${limit}exec "$@"`, "sh", ...command]);
    for (const stream of [target.#child.stdout, target.#child.stderr]) {
      stream.on("data", (text) => {
        target.output += text;
      });
    }
    target.#child.once("exit", (code, signal) => {
      target.exit = signal ?? code;
    });
    await until(() => target.output.includes("listening ") || target.exit !== undefined);
    return target;
  }

  /**
   * The CPU time that it has used, in seconds, or `NaN` when it has ended. The clock of Linux ticks
   * 100 times a second.
   */
  async cpuSeconds() {
    const stat = await readFile(`/proc/${this.#child.pid}/stat`, "latin1").catch(() => "");
    const [user, system] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
    return (user + system) / 100;
  }

  async stop() {
    this.#child.kill("SIGKILL");
    await until(() => this.exit !== undefined);
  }
}

/** Finds a port of the loopback that nobody listens on. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until `isDone`, and tells whether it was in time. */
export async function until(isDone, limitMs = LIMIT_MS) {
  const endsAt = performance.now() + limitMs;
  while (!isDone()) {
    if (performance.now() > endsAt) return false;
    await sleep(5);
  }
  return true;
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Opens a connection that keeps what it receives. */
export function open(port, bytes = "") {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const client = { socket, received: "", isClosed: false, error: undefined };
  socket.on("data", (piece) => {
    client.received += piece.toString("latin1");
  });
  socket.on("error", (error) => {
    client.error = error.code;
  });
  socket.on("end", () => socket.end());
  socket.once("close", () => {
    client.isClosed = true;
  });
  if (bytes !== "") socket.write(Buffer.from(bytes, "latin1"));
  return client;
}

/** Sends bytes, and gives what comes until the connection is closed; `undefined` when it hangs. */
export async function exchange(port, bytes, limitMs = LIMIT_MS) {
  const client = open(port, bytes);
  const isInTime = await until(() => client.isClosed, limitMs);
  client.socket.destroy();
  return isInTime ? client.received : undefined;
}

/** The bytes of a request. */
export function request(target, headers = [], method = "GET") {
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : ["Host: test"];
  return [`${method} ${target} HTTP/1.1`, ...host, ...headers, "", ""].join("\r\n");
}

/** Scrapes once, on a connection of its own. */
export async function scrape(port, headers = [], limitMs = LIMIT_MS, path = "/metrics") {
  const text = await exchange(port, request(path, [...headers, "Connection: close"]), limitMs);
  if (text === undefined) return { status: 0, contentType: "", body: "" };
  const head = text.slice(0, text.indexOf("\r\n\r\n"));
  return {
    status: Number(head.split(" ")[1] ?? 0),
    contentType: /^content-type: (.*)$/im.exec(head)?.[1] ?? "",
    head,
    body: bodyOf(head, text.slice(head.length + 4)),
  };
}

function bodyOf(head, text) {
  if (!/^transfer-encoding: chunked/im.test(head)) return text;
  let body = "";
  for (let at = 0, size = 1; size > 0; ) {
    const start = text.indexOf("\r\n", at) + 2;
    size = start > 1 ? Number.parseInt(text.slice(at, start), 16) : 0;
    body += text.slice(start, start + size);
    at = start + size + 2;
  }
  return body;
}
