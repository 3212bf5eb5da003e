// A gauge without a client library: a Gatherer yields the metric families itself.
import { Server } from "promhttp";

/** @type {import("promhttp").Gatherer} */
const gatherer = {
  gather: () => ({
    families: [
      {
        name: "queue_length",
        help: "Jobs that wait.",
        type: "gauge",
        metrics: [{ labels: { queue: "mail" }, value: 3 }],
      },
    ],
  }),
};

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run(gatherer, ":9464", shutdown.signal);
