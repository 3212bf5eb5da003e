// promhttp with a web configuration file:
// node bench/robustness/secure/promhttp.mjs <shape> <port> [file]
import client from "prom-client";
import { Server } from "../../../dist/index.js";
import { host } from "../../cost/host.mjs";

const webConfigFile = process.argv[4];

let server;

const listen = async (port) => {
  const options = { webConfigFile, logger: false };
  server = await Server.listen(client.register, `127.0.0.1:${port}`, options);
  return server.address.port;
};

await host(client, client.register, listen, { reload: () => server.reload() });
