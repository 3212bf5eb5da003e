// Values that are read every second, in an update that no scrape sees half-done.
import { statfs } from "node:fs/promises";
import { Gauge, Registry } from "prom-client";
import { Server } from "promhttp";

const registry = new Registry();
const disk = new Gauge({
  name: "disk_bytes",
  help: "Space of the file system by state.",
  labelNames: ["state"],
  registers: [registry],
});

const server = await Server.listen(registry, ":9464");
console.log(`Metrics at ${server.url}`);

const update = () =>
  server.update(async () => {
    disk.reset();
    const { bsize, blocks, bavail } = await statfs(".");
    disk.set({ state: "free" }, bavail * bsize);
    disk.set({ state: "used" }, (blocks - bavail) * bsize);
  });
const timer = setInterval(update, 1_000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(timer);
    await server.close();
  });
}

await update();
