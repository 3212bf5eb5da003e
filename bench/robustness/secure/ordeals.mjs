// What is done to a server while it is scraped. Each ordeal gives its figures, by their names.
import { sleep } from "../../cost/stats.mjs";
import { agentFrom, ask, openSilent, startScraper } from "./clients.mjs";
import { memoryOf } from "./exporters.mjs";

const SILENT = 300;
/** Longer than our `headersTimeoutMs`, and what one check of it takes. */
const SILENT_MS = 8_000;

const WRONG_PASSWORDS = 500;
/** Each from an address of its own, so that locking one out does not end the flood. */
const ATTACKERS = 50;

const RELOADS = 1_000;
/** What the first ones allocate is not a leak. */
const FIRST_RELOADS = 300;

export const ORDEALS = {
  "300 silent connections": silent,
  "500 wrong passwords": wrongPasswords,
  "1,000 reloads": reloads,
};

async function silent(target) {
  const before = memoryOf(target);
  const sockets = openSilent(target.port, SILENT);
  await sleep(1_000);
  const held = sockets.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded);
  const bytesEach = (memoryOf(target) - before) / SILENT;
  await sleep(SILENT_MS - 1_000);
  const left = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
  for (const socket of sockets) socket.destroy();
  return { held: held.length, left, bytesEach };
}

async function wrongPasswords(target, { ca }) {
  const startedAt = performance.now();
  const statuses = {};
  const attack = async (_, attacker) => {
    const agent = agentFrom(`127.1.1.${attacker + 1}`, ca);
    for (let turn = 0; turn < WRONG_PASSWORDS / ATTACKERS; turn++) {
      const { status } = await ask(target.port, agent, `wrong ${attacker} ${turn}`);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: ATTACKERS }, attack));
  return { seconds: (performance.now() - startedAt) / 1_000, statuses };
}

async function reloads(target, files) {
  let before = 0;
  let failed = 0;
  for (let turn = 0; turn < RELOADS; turn++) {
    if (turn === FIRST_RELOADS) before = await settledMemoryOf(target);
    files.rotate();
    await target.ask?.("reload");
    // A new connection, so that the new certificate is used.
    const agent = agentFrom("127.0.0.3", files.ca);
    const { status } = await ask(target.port, agent);
    agent.destroy();
    if (status !== 200) failed++;
  }
  return { failedHandshakes: failed, grownBytes: (await settledMemoryOf(target)) - before };
}

/** The memory in use when garbage has been collected, where that can be asked for. */
async function settledMemoryOf(target) {
  await target.ask?.("gc");
  await sleep(200);
  return memoryOf(target);
}

/** Does something to a server while it is scraped, and gives all figures. */
export async function measureOrdeal(inflict, target, files) {
  const scraper = await startScraper(target.port, files.ca);
  await target.ask?.("watch");
  const figures = await inflict(target, files);
  const delay = await target.ask?.("longest");
  const scraping = await scraper.stop();
  return { ...figures, ...scraping, delay };
}
