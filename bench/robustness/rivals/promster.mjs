// @promster/server: node bench/robustness/rivals/promster.mjs <port> <fault>
import { createServer } from "@promster/server";
import client from "prom-client";
import { addMetrics } from "./metrics.mjs";

const [port, fault] = process.argv.slice(2);
addMetrics(client, fault);
await createServer({ port: Number(port), hostname: "127.0.0.1" });
console.log(`listening ${port}`);
