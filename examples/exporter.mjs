// An exporter without a web server: npx promhttp ./examples/exporter.mjs serves what it exports.
import { freemem, loadavg } from "node:os";
import { Gauge, Registry } from "prom-client";

export const registry = new Registry();
const registers = [registry];
const load = new Gauge({ name: "host_load1", help: "Load over a minute.", registers });
const free = new Gauge({ name: "host_memory_free_bytes", help: "Free memory.", registers });

export function onScrape() {
  load.set(loadavg()[0] ?? 0);
  free.set(freemem());
}
