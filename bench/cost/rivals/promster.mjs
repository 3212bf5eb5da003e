// @promster/server, over the registry of prom-client that it brings.
import { createServer } from "@promster/server";
import client from "prom-client";
import { host } from "../host.mjs";

await host(client, client.register, async (port) => {
  const server = await createServer({ port, hostname: "127.0.0.1" });
  return server.address().port;
});
