// A measured process, seen from outside.
import { fork } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PROGRAMS = new URL("rivals/", import.meta.url);

/** The programs that are measured, by the name that they have in the tables. */
export const TARGETS = {
  "prom-client": ["prom-client"],
  "@prometheus-io/client": ["prometheus-io"],
  "OpenTelemetry exporter": ["opentelemetry"],
  "@promster/server": ["promster"],
  "static bytes": ["static"],
  "promhttp on prom-client": ["promhttp-prom-client"],
  "promhttp on @prometheus-io": ["promhttp-prometheus-io"],
  "nothing kept, prom-client": ["promhttp-prom-client", "0"],
  "nothing kept, @prometheus-io": ["promhttp-prometheus-io", "0"],
  "thread, prom-client": ["thread-prom-client"],
  "thread, @prometheus-io": ["thread-prometheus-io"],
};

/** What ours may keep at XL, in bytes: the pages of a million lines take some 120 MB. */
export const XL_KEPT_BYTES = 256 * 2 ** 20;

/** Starts a target with a shape, and settles when it listens. */
export async function startTarget(name, shape) {
  const [program, keptBytes = shape === "XL" ? `${XL_KEPT_BYTES}` : undefined] = TARGETS[name];
  const target = await startProgram(program, [shape, "0", ...(keptBytes ? [keptBytes] : [])]);
  return { name, shape, ...target };
}

/**
 * Starts a program of `rivals/`, and settles when it listens.
 *
 * @returns What it says of itself, `ask()` for what it may be told, and `stop()`.
 */
export async function startProgram(program, args, { node = process.execPath, env } = {}) {
  const file = fileURLToPath(new URL(`${program}.mjs`, PROGRAMS));
  const child = fork(file, args, {
    execPath: node,
    env: { ...process.env, ...env },
    // The heap is that of a user: a limit of its own changes when garbage is collected.
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const answerOf = (wanted) =>
    new Promise((resolve, reject) => {
      const onMessage = ({ ask, answer }) => {
        if (ask !== wanted) return;
        child.off("message", onMessage);
        child.off("exit", onExit);
        resolve(answer);
      };
      const onExit = () => reject(new Error(`${program} has ended`));
      child.on("message", onMessage);
      child.on("exit", onExit);
    });
  const ask = (what) => {
    const answer = answerOf(what);
    child.send({ ask: what });
    return answer;
  };
  const start = await answerOf("start");
  return { ...start, pid: child.pid, ask, stop: () => stop(child) };
}

function stop(child) {
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGKILL");
  });
}

/** The CPU time of a process so far, of its main thread and of all threads, in milliseconds. */
export function cpuOf({ pid }) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = new Map(
    threads.map((thread) => [Number(thread), cpuOfThread({ pid, tid: thread })]),
  );
  return { main: times.get(pid), all: [...times.values()].reduce((sum, ms) => sum + ms, 0) };
}

/**
 * The CPU time of one thread so far, in milliseconds.
 *
 * The first field is the time on the CPU in nanoseconds: the clock of `process.cpuUsage()`, without
 * asking the process, and for one thread on every version of Node.
 */
export function cpuOfThread({ pid, tid }) {
  return Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
}

/** The memory of a process: now and at its highest since `resetPeak()`, in megabytes. */
export function memoryOf({ pid }) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (field) => Number(status.match(new RegExp(`${field}:\\s+(\\d+)`))?.[1]) / 1_024;
  return { now: read("VmRSS"), peak: read("VmHWM") };
}

/** Lets the peak begin at what is used now. */
export function resetPeak({ pid }) {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
