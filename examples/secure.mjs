// TLS for scrapers that have a certificate of their own and a token.
import { collectDefaultMetrics, register } from "prom-client";
import { Server } from "promhttp";

collectDefaultMetrics();
const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());

const tls = {
  cert: { file: "tls.crt" },
  key: { file: "tls.key" },
  clientCa: { file: "ca.crt" }, // has signed the certificates of the scrapers
  clientAllowedSans: ["prometheus.example"],
};
const auth = { bearerTokenFile: "tokens" };
await Server.run(register, ":9464", shutdown.signal, { tls, auth });
