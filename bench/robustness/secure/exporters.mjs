// The servers that are measured: ours, and the exporter of Debian with the official toolkit.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { startProgram } from "../../cost/target.mjs";
import { freePort, until } from "../target.mjs";

const NODE_EXPORTER = "prometheus-node-exporter";

/** Starts ours, with as many series as a node_exporter has. Without a file it speaks plain HTTP. */
export async function startOurs(file, shape = "G") {
  const program = "../../robustness/secure/promhttp";
  const args = file === undefined ? [shape, "0"] : [shape, "0", file];
  return startProgram(program, args);
}

/** Starts node_exporter with the same file; `undefined` where it is not installed. */
export async function startNodeExporter(files) {
  if (versionOfNodeExporter() === undefined) return undefined;
  const port = await freePort();
  const args = [`--web.listen-address=127.0.0.1:${port}`, `--web.config.file=${files.config}`];
  const child = spawn(NODE_EXPORTER, args, { stdio: "ignore" });
  const stop = () =>
    new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGKILL");
    });
  const isThere = await until(() => child.exitCode !== null || isListening(port));
  if (!isThere || child.exitCode !== null) throw new Error(`${NODE_EXPORTER} does not listen`);
  return { port, pid: child.pid, stop };
}

/** The version of the node_exporter that is installed. */
export function versionOfNodeExporter() {
  const { stdout, stderr, status } = spawnSync(NODE_EXPORTER, ["--version"], { encoding: "utf8" });
  if (status !== 0) return undefined;
  return /version (\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1];
}

/** The memory of a process in use, in bytes. */
export function memoryOf({ pid }) {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/** Linux lists the ports that are listened on. */
function isListening(port) {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`;
  return readFileSync("/proc/net/tcp", "latin1").includes(hex);
}
