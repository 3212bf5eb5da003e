// Sends 200 requests a second to the application's own route, and reports how long each took.
import { Agent, get } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

const { port, seconds } = workerData;
const INTERVAL_MS = 5;
// Below the time after which the server closes an idle connection.
const agent = new Agent({ keepAlive: true, timeout: 4_000 });
const times = [];
const pending = [];

const startedAt = performance.now();
for (let index = 0; index < (seconds * 1_000) / INTERVAL_MS; index++) {
  const dueIn = startedAt + index * INTERVAL_MS - performance.now();
  if (dueIn > 0) await new Promise((resolve) => setTimeout(resolve, dueIn));
  pending.push(send());
}
await Promise.all(pending);
parentPort.postMessage(times);

function send() {
  return new Promise((resolve, reject) => {
    const sentAt = performance.now();
    get({ port, host: "127.0.0.1", agent }, (response) => {
      response.resume();
      response.on("end", () => {
        times.push(performance.now() - sentAt);
        resolve();
      });
    }).on("error", reject);
  });
}
