// By hand, as exporters over prom-client do it: a registry for each request.
import { createServer } from "node:http";
import client from "prom-client";
import { fillShape, listenHttp } from "../../cost/host.mjs";
import { ask, reportRuns } from "./device.mjs";

fillShape(client, client.register, "S0");
const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const registry = pathname === "/probe" ? new client.Registry() : client.register;
  if (pathname === "/probe") await probe(searchParams.get("target"), [registry]);
  response.setHeader("Content-Type", registry.contentType);
  response.end(await registry.metrics());
});

async function probe(target, registers) {
  const success = new client.Gauge({ name: "probe_success", help: "Success.", registers });
  try {
    for (const [name, value] of await ask(target)) {
      new client.Gauge({ name, help: "A value of the device.", registers }).set(value);
    }
    success.set(1);
  } catch {
    success.set(0);
  }
}

reportRuns(await listenHttp(server, 0));
