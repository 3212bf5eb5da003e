// Metrics over TLS: the handler in a server of node:https.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { collectDefaultMetrics, register } from "prom-client";
import { createHandler } from "promhttp";

collectDefaultMetrics();
const metrics = createHandler(register);

const readTls = () => ({ cert: readFileSync("tls.crt"), key: readFileSync("tls.key") });
const server = createServer(readTls(), (request, response) => {
  if (request.url?.split("?")[0] === "/metrics") metrics(request, response);
  else response.writeHead(404).end();
});
server.listen(9464);

process.on("SIGHUP", () => server.setSecureContext(readTls())); // a new certificate
process.once("SIGTERM", () => server.close());
