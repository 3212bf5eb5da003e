// Several exporters in one process, without the program: each probe has a path of its own.
import { collectDefaultMetrics, register } from "prom-client";
import { Server } from "promhttp";
import { probe as shelly } from "./shelly.mjs";
import { probe as tls } from "./tls.mjs";

collectDefaultMetrics();
const paths = {
  "/probe/shelly": shelly({ "targets.allow": ["*.lan"] }),
  "/probe/tls": tls({ "targets.allow": ["*.example.com"] }),
};

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run(register, ":9464", shutdown.signal, { paths });
