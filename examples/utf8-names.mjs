// Names with dots, as in OpenTelemetry: unchanged for Prometheus 3, escaped for other scrapers.
import { Server } from "promhttp";

/** @type {import("promhttp").Gatherer} */
const gatherer = {
  gather({ isRequested }) {
    // A scraper that asks for other names (`name[]`) does not pay for this one.
    if (!isRequested("process.memory.usage", "gauge")) return { families: [] };
    const { rss } = process.memoryUsage();
    return {
      families: [
        {
          name: "process.memory.usage",
          help: "Memory of the process, in bytes.",
          type: "gauge",
          metrics: [{ labels: { "service.name": "shop" }, value: rss }],
        },
      ],
    };
  },
};

const server = await Server.listen(gatherer, ":9464");
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
