// An exporter of this machine and process: what `npm start` runs.
import { statfs } from "node:fs/promises";
import { freemem, loadavg, totalmem } from "node:os";
import client from "prom-client";
import { Server } from "promhttp";

client.collectDefaultMetrics();

new client.Gauge({
  name: "machine_load_average",
  help: "Processes that run or wait to run, averaged over a number of minutes.",
  labelNames: ["minutes"],
  collect() {
    const [one = 0, five = 0, fifteen = 0] = loadavg();
    this.set({ minutes: 1 }, one);
    this.set({ minutes: 5 }, five);
    this.set({ minutes: 15 }, fifteen);
  },
});

new client.Gauge({
  name: "machine_memory_bytes",
  help: "Memory of the machine by state.",
  labelNames: ["state"],
  collect() {
    this.set({ state: "free" }, freemem());
    this.set({ state: "used" }, totalmem() - freemem());
  },
});

new client.Gauge({
  name: "machine_disk_bytes",
  help: "Space of the file system of the working folder by state.",
  labelNames: ["state"],
  async collect() {
    const { bsize, blocks, bavail } = await statfs(".");
    this.set({ state: "free" }, bavail * bsize);
    this.set({ state: "used" }, (blocks - bavail) * bsize);
  },
});

const server = await Server.listen(client.register, ":9464");
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
await server.closed;
console.log("Stopped.");
