// Who connects: a scraper that keeps its connection, and those that mean no good.
import { request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import { connect } from "node:net";
import { sleep } from "../../cost/stats.mjs";
import { LOGIN } from "./files.mjs";

/** The address of the scraper; those of the others are below 127.1. */
const SCRAPER = "127.0.0.2";

const SCRAPE_EVERY_MS = 50;

function authorization(password) {
  return `Basic ${Buffer.from(`${LOGIN.user}:${password}`).toString("base64")}`;
}

/** An agent that keeps one connection, from an address of its own. */
export function agentFrom(localAddress, ca) {
  return new Agent({ keepAlive: true, maxSockets: 1, localAddress, ca });
}

/** Asks for the metrics. Resolves with the status, 0 where there was no answer, and the time it took. */
export function ask(port, agent, password = LOGIN.password) {
  const startedAt = performance.now();
  const headers = { accept: "text/plain;version=0.0.4", authorization: authorization(password) };
  const options = { port, host: "127.0.0.1", path: "/metrics", agent, headers };
  const send = agent instanceof Agent ? request : plainRequest;
  return new Promise((resolve) => {
    const end = (status) => resolve({ status, ms: performance.now() - startedAt });
    send(options, (response) => {
      response.resume();
      response.on("end", () => end(response.statusCode));
      response.on("error", () => end(0));
    })
      .on("error", () => end(0))
      .end();
  });
}

/** Scrapes a server again and again on one connection, until it is stopped. */
export async function startScraper(port, ca) {
  const agent = agentFrom(SCRAPER, ca);
  const waits = [];
  let failed = 0;
  let isOver = false;
  const scrapeOnce = async () => {
    const { status, ms } = await ask(port, agent);
    waits.push(ms);
    if (status !== 200) failed++;
  };
  // The first compares a password, and compiles code.
  for (let turn = 0; turn < 40; turn++) await scrapeOnce();
  waits.length = 0;
  const running = (async () => {
    while (!isOver) {
      await scrapeOnce();
      await sleep(SCRAPE_EVERY_MS);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      agent.destroy();
      return { scrapes: waits.length, failed, longestMs: Math.max(...waits) };
    },
  };
}

/** Opens connections on which nothing is ever sent. */
export function openSilent(port, count) {
  return Array.from({ length: count }, () => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: "127.1.0.1" });
    socket.on("error", () => {});
    return socket;
  });
}
