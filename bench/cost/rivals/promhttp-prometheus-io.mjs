// promhttp over @prometheus-io/client; a third argument is the number of bytes that it may keep.
import client from "@prometheus-io/client";
import { Server } from "../../../dist/index.js";
import { host } from "../host.mjs";

const [, , , , maxKeptBytes] = process.argv;
const options = maxKeptBytes === undefined ? {} : { maxKeptBytes: Number(maxKeptBytes) };
await host(client, client.register, async (port) => {
  const server = await Server.listen(client.register, `127.0.0.1:${port}`, options);
  return Number(new URL(server.url).port);
});
