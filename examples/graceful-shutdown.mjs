// The metrics server closes last, so that the end of the application can be observed.
import { createServer } from "node:http";
import client from "prom-client";
import { Server } from "promhttp";

const requests = new client.Counter({ name: "requests_total", help: "Requests served." });
const app = createServer((_request, response) => {
  requests.inc();
  response.end("hello\n");
});
app.listen(0, "127.0.0.1");

const server = await Server.listen(client.register, ":9464", { drainTimeoutMs: 2_000 });
console.log(`Metrics at ${server.url}`);

process.once("SIGTERM", async () => {
  await new Promise((resolve) => app.close(resolve));
  await server.close(); // Lets running scrapes finish, then resolves.
  console.log("Stopped.");
});
