// An exporter that answers 500 when it cannot read its source, so that Prometheus records `up 0`.
import { readFile } from "node:fs/promises";
import { Gauge, Registry } from "prom-client";
import { Server } from "promhttp";

const registry = new Registry();
const entropy = new Gauge({
  name: "entropy_available_bits",
  help: "Entropy of the kernel.",
  registers: [registry],
});

const server = await Server.listen(registry, ":9464", { statusName: "entropy" });
console.log(`Metrics at ${server.url}`);

async function watch() {
  try {
    entropy.set(Number(await readFile("/proc/sys/kernel/random/entropy_avail", "utf8")));
    server.setOk();
  } catch (error) {
    server.setFailing(String(error));
  }
}
const timer = setInterval(watch, 1_000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(timer);
    await server.close();
  });
}

await watch();
