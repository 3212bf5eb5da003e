// Values that are all read together when a scrape arrives, instead of in one collector each.
import { cpus } from "node:os";
import { Gauge, Registry } from "prom-client";
import { Server } from "promhttp";

const registry = new Registry();
const registers = [registry];
const labelNames = ["cpu"];
const busy = new Gauge({ name: "cpu_busy_seconds", help: "Time at work.", labelNames, registers });
const idle = new Gauge({ name: "cpu_idle_seconds", help: "Time without.", labelNames, registers });

const server = await Server.listen(registry, ":9464", {
  onScrape() {
    for (const [cpu, { times }] of cpus().entries()) {
      busy.set({ cpu }, (times.user + times.sys) / 1_000);
      idle.set({ cpu }, times.idle / 1_000);
    }
  },
});
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
