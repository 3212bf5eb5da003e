// promhttp with a web configuration file:
// node bench/robustness/secure/promhttp.mjs <shape> <port> [file]
import client from "prom-client";
import { Server } from "../../../dist/index.js";
import { host, startProbe } from "../../cost/host.mjs";
import { cpuOfThread } from "../../cost/target.mjs";

const webConfigFile = process.argv[4];

let server;

const listen = async (port) => {
  const options = { webConfigFile, logger: false };
  server = await Server.listen(client.register, `127.0.0.1:${port}`, options);
  return server.address.port;
};

let probes = [];

await host(client, client.register, listen, {
  reload: () => server.reload(),
  // Wall time is that of whoever waits; other programs make it longer, but not the time on the CPU.
  watch() {
    const cpuClock = () => cpuOfThread({ pid: "self", tid: process.pid });
    probes = [startProbe(), startProbe(cpuClock)];
  },
  // A whole garbage collection is asked for by the benchmark, not by what it measures.
  gc() {
    for (const probe of probes) probe.forgive();
  },
  longest() {
    const [wallMs, cpuMs] = probes.map((probe) => probe.stop());
    return { wallMs, cpuMs };
  },
});
