// What every measured group of workers has: a hub that starts the members and passes on to them what
// the runner asks, and members with a filled registry.
import cluster from "node:cluster";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { fillShape, startProbe, TOUCHED_SHARE } from "./host.mjs";
import { cpuOfThread } from "./target.mjs";

const MEMBERS = 4;

/**
 * Runs this program as the hub, and four times as a member of it.
 *
 * @param {typeof import("prom-client")} client
 * @param options `listen(port)` starts the endpoint in the hub, `join(port)` lets a member join it, and
 *   `areThreads` makes members threads instead of processes of `node:cluster`.
 */
export async function hostGroup(client, { listen, join = () => {}, areThreads = false }) {
  const [shape = "S0"] = process.argv.slice(2);
  const isHub = areThreads ? isMainThread : cluster.isPrimary;
  if (!isHub) hostMember(client, shape, join);
  else await hostHub(areThreads ? startThread : startProcess, listen);
}

/** The program's second argument: how many bytes ours may keep of a body. */
export function keptBytesOption() {
  const [, maxKeptBytes] = process.argv.slice(2);
  return maxKeptBytes === undefined ? {} : { maxKeptBytes: Number(maxKeptBytes) };
}

function hostMember(client, shape, join) {
  const touch = fillShape(client, client.register, shape);
  const port = parentPort ?? process;
  const answer = (ask, value) =>
    parentPort
      ? parentPort.postMessage({ ask, answer: value })
      : process.send({ ask, answer: value });
  port.on("message", async (message) => {
    // The aggregators of the libraries use this channel, too.
    if (message.ask === "touch") touch(TOUCHED_SHARE);
    else if (message.ask === "join") await join(message.port);
    else return;
    answer(message.ask, {});
  });
  answer("start", threadOf());
}

async function hostHub(startMember, listen) {
  const port = await freePort();
  const members = Array.from({ length: MEMBERS }, startMember);
  const threads = await Promise.all(members.map(({ started }) => started));
  const askAll = (message) => Promise.all(members.map(({ ask }) => ask(message)));
  await listen(port);
  let probe;
  const answers = {
    touch: () => askAll({ ask: "touch" }),
    join: () => askAll({ ask: "join", port }),
    probe: () => {
      probe = startProbe();
    },
    // Without the time in which the hub waits for a core that its members use.
    "CPU probe": () => {
      probe = startProbe(() => cpuOfThread({ pid: "self", tid: process.pid }));
    },
    block: () => probe.stop(),
    memory: () => usedMegabytes(),
  };
  process.on("message", async ({ ask }) => {
    process.send({ ask, answer: await answers[ask]() });
  });
  process.on("disconnect", () => process.exit());
  process.send({ ask: "start", answer: { port, members: threads } });
}

function startProcess() {
  const worker = cluster.fork();
  return memberOf(worker, (message) => worker.send(message));
}

function startThread() {
  const worker = new Worker(process.argv[1], { argv: process.argv.slice(2) });
  return memberOf(worker, (message) => worker.postMessage(message));
}

function memberOf(worker, send) {
  const answerOf = (ask) =>
    new Promise((resolve) => {
      const onMessage = (message) => {
        if (message.ask !== ask) return;
        worker.off("message", onMessage);
        resolve(message.answer);
      };
      worker.on("message", onMessage);
    });
  return {
    started: answerOf("start"),
    ask(message) {
      const answer = answerOf(message.ask);
      send(message);
      return answer;
    },
  };
}

/** The ids that the kernel has for this thread and its process. */
function threadOf() {
  const [pid, , tid] = readlinkSync("/proc/thread-self").split("/").map(Number);
  return { pid, tid };
}

/** What is left of the memory of JavaScript and its buffers after a collection, in megabytes. */
async function usedMegabytes() {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

async function freePort() {
  const server = createServer().listen({ port: 0, host: "127.0.0.1", exclusive: true });
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
