// What probes cost an exporter, each figure in a process of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { fileURLToPath } from "node:url";
import { median, sleep } from "../cost/stats.mjs";
import { cpuOf } from "../cost/target.mjs";

/** Figures of an exporter that is asked for devices. Each takes it, and gives a number. */
export const FIGURES = {
  /** Milliseconds of the main thread. */
  cpu: (exporter) => cpuOfRequest(exporter, (index) => `/probe?target=fast-${index % 100}`),
  /** How often a device was asked for 20 equal requests at once. */
  async equalRuns(exporter) {
    await Promise.all(Array.from({ length: 20 }, () => exporter.get("/probe?target=slow-1")));
    return (await exporter.state()).runs;
  },
  /** Milliseconds until 100 devices have been asked at once, each of which takes 100. */
  async differentMs(exporter) {
    await probeMany(exporter, 20);
    const startedAt = performance.now();
    await probeAll(exporter, "slow", 100);
    return performance.now() - startedAt;
  },
  /** How many of 100 runs still go on after half a second, although their clients have left. */
  async leftRuns(exporter) {
    const agent = await hang(exporter);
    agent.destroy();
    await sleep(500);
    return (await exporter.state()).running;
  },
  /** Milliseconds of the main thread for a scrape while 100 devices hang. */
  async scrapeCpu(exporter) {
    const agent = await hang(exporter);
    const cpu = await cpuOfRequest(exporter, () => "/metrics");
    agent.destroy();
    return cpu;
  },
  /** Bytes of the heap that 20,000 different devices leave behind. */
  async keptBytes(exporter) {
    await probeMany(exporter, 50);
    const before = await exporter.state();
    await probeMany(exporter, 200, 50);
    return (await exporter.state()).heapBytes - before.heapBytes;
  },
};

/** The CPU of the main thread for one request, in milliseconds. */
export async function cpuOfRequest(exporter, pathOf) {
  for (let turn = 0; turn < 3_000; turn++) await exporter.get(pathOf(turn));
  const samples = [];
  for (let sample = 0; sample < 9; sample++) {
    const before = cpuOf(exporter).main;
    for (let turn = 0; turn < 300; turn++) await exporter.get(pathOf(turn));
    samples.push((cpuOf(exporter).main - before) / 300);
  }
  return median(samples);
}

/** Asks devices that answer at once, a hundred at a time: each of them only once. */
async function probeMany(exporter, hundreds, from = 0) {
  for (let turn = from; turn < from + hundreds; turn++) await probeAll(exporter, "fast", 100, turn);
}

async function probeAll(exporter, kind, count, turn = 0) {
  const paths = Array.from({ length: count }, (_, index) => `${kind}-${turn * count + index}`);
  await Promise.all(paths.map((target) => exporter.get(`/probe?target=${target}`)));
}

/** Asks for 100 devices that hang; the connections are closed with the agent. */
async function hang(exporter) {
  const agent = new Agent();
  for (let index = 0; index < 100; index++) {
    const path = `/probe?target=hung-${index}`;
    get({ port: exporter.port, host: "127.0.0.1", path, agent }).on("error", () => {});
  }
  while ((await exporter.state()).running < 100) await sleep(10);
  return agent;
}

/** Starts a program of `programs/`, and stops it after `work`. */
export async function withExporter(program, args, work) {
  const file = fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url));
  const child = fork(file, args, { execArgv: ["--expose-gc"], stdio: ["ignore", 1, 2, "ipc"] });
  const agent = new Agent({ keepAlive: true });
  const next = async () => (await once(child, "message"))[0];
  try {
    const { port } = await next();
    const state = () => {
      child.send({});
      return next();
    };
    return await work({ port, pid: child.pid, state, get: (path) => read(port, path, agent) });
  } finally {
    agent.destroy();
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

function read(port, path, agent) {
  return new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", path, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`Status ${response.statusCode}: ${path}`));
      response.on("error", reject).on("end", resolve).resume();
    }).on("error", reject);
  });
}
