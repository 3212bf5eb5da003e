// promhttp in a thread of its own, over prom-client; a third argument is the number of bytes that it may keep.
import client from "prom-client";
import { Server } from "../../../dist/index.js";
import { host } from "../host.mjs";

const [, , , , maxKeptBytes] = process.argv;
const options = maxKeptBytes === undefined ? {} : { maxKeptBytes: Number(maxKeptBytes) };
await host(client, client.register, async (port) => {
  const at = `127.0.0.1:${port}`;
  const server = await Server.listen(client.register, at, { ...options, thread: true });
  return Number(new URL(server.url).port);
});
