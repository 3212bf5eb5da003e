// promhttp: node bench/robustness/rivals/promhttp.mjs <port> <fault>
import client from "prom-client";
import { Server } from "../../../dist/index.js";
import { addMetrics } from "./metrics.mjs";

const [port, fault] = process.argv.slice(2);
addMetrics(client, fault);
await Server.listen(client.register, `127.0.0.1:${port}`);
console.log(`listening ${port}`);
