// The shortest way: the default registry of prom-client on a port of its own.
import { collectDefaultMetrics, register } from "prom-client";
import { Server } from "promhttp";

collectDefaultMetrics();
const shutdown = new AbortController();
process.once("SIGTERM", () => shutdown.abort());
await Server.run(register, ":9464", shutdown.signal); // resolves after a clean shutdown
