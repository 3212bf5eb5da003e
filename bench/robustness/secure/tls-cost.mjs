// What a scrape costs on a kept connection, with TLS and a password and without.
import { Agent } from "node:http";
import { median, rotate, sleep } from "../../cost/stats.mjs";
import { cpuOf } from "../../cost/target.mjs";
import { agentFrom, ask } from "./clients.mjs";
import { startOurs } from "./exporters.mjs";

const SHAPES = ["S", "M", "L"];
const WARM_UPS = 60;
const ROUNDS = 60;
const SETTLE_MS = 5;

/** Gives the CPU of the main thread for one scrape, in milliseconds, by shape. */
export async function measureTls(files) {
  const figures = {};
  for (const shape of SHAPES) figures[shape] = await measureShape(shape, files);
  return figures;
}

async function measureShape(shape, files) {
  const targets = [
    {
      name: "plain",
      agent: new Agent({ keepAlive: true }),
      ...(await startOurs(undefined, shape)),
    },
    {
      name: "tls",
      agent: agentFrom("127.0.0.1", files.ca),
      ...(await startOurs(files.config, shape)),
    },
  ];
  const samples = { plain: [], tls: [] };
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    for (const target of rotate(targets, round & 1)) {
      const ms = await costOfScrape(target);
      if (round >= 0) samples[target.name].push(ms);
    }
  }
  for (const { agent, stop } of targets) {
    agent.destroy();
    await stop();
  }
  return { plain: median(samples.plain), tls: median(samples.tls) };
}

async function costOfScrape(target) {
  await target.ask("touch");
  await sleep(SETTLE_MS);
  const before = cpuOf(target);
  const { status } = await ask(target.port, target.agent);
  if (status !== 200) throw new Error(`Status ${status}`);
  await sleep(SETTLE_MS);
  return cpuOf(target).main - before.main;
}
