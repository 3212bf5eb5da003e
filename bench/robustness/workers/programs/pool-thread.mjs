// A thread of the pool: a task counts once, and then waits.
import client from "@prometheus-io/client";
import { Server } from "../../../../dist/index.js";

const { BENCH_PORT, BENCH_TOPOLOGY } = process.env;
if (BENCH_TOPOLOGY)
  await Server.listen(client.register, `127.0.0.1:${BENCH_PORT}`, { workers: true });
else new client.WorkerRegistry();
const counter = new client.Counter({ name: "c_total", help: "h" });

// biome-ignore lint/style/noDefaultExport: piscina wants it.
export default async function work(ms) {
  counter.inc();
  await new Promise((resolve) => setTimeout(resolve, ms));
}
