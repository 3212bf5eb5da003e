// The default registry of prom-client, served until Ctrl-C or SIGTERM.
import client from "prom-client";
import { Server } from "promhttp";

client.collectDefaultMetrics();
const jobs = new client.Counter({ name: "jobs_total", help: "Jobs done.", labelNames: ["queue"] });
jobs.inc({ queue: "mail" });

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());

await Server.run(client.register, ":9464", shutdown.signal);
