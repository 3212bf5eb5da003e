// Replaces a route that was `response.end(await register.metrics())`.
import { createServer } from "node:http";
import { collectDefaultMetrics, register } from "prom-client";
import { createHandler } from "promhttp";

collectDefaultMetrics();

const metrics = createHandler(register);
const server = createServer((request, response) => {
  if (request.url?.split("?")[0] === "/metrics") metrics(request, response);
  else response.writeHead(404).end();
});

server.listen(9464);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
