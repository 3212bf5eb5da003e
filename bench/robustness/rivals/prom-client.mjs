// prom-client on plain node:http: node bench/robustness/rivals/prom-client.mjs <port> <fault>
import { createServer } from "node:http";
import client from "prom-client";
import { addMetrics } from "./metrics.mjs";

const [port, fault] = process.argv.slice(2);
addMetrics(client, fault);
// As the example/server.js of prom-client has it, less express.
const server = createServer(async (request, response) => {
  if (request.url !== "/metrics") {
    response.writeHead(404).end();
    return;
  }
  try {
    response.setHeader("Content-Type", client.register.contentType);
    response.end(await client.register.metrics());
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(port), "127.0.0.1", () => console.log(`listening ${port}`));
