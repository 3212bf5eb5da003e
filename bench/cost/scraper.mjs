import { Agent, request } from "node:http";
import { connect } from "node:net";
import { sleep } from "./stats.mjs";

const ACCEPT = {
  text: "text/plain;version=0.0.4",
  openmetrics: "application/openmetrics-text;version=1.0.0",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

const agent = new Agent({ keepAlive: true });

/** Scrapes once. Times are in milliseconds; the body is there when it is asked for. */
export function scrape(port, options = {}) {
  const { format = "text", isGzip = false, wantsBody = false } = options;
  const headers = { accept: ACCEPT[format], ...(isGzip && { "accept-encoding": "gzip" }) };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const sent = request(
      { port, host: "127.0.0.1", path: "/metrics", agent, headers },
      (response) => {
        let firstByteMs = 0;
        let bytes = 0;
        const chunks = [];
        response.on("data", (chunk) => {
          firstByteMs ||= performance.now() - startedAt;
          bytes += chunk.length;
          if (wantsBody) chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200) reject(new Error(`Status ${response.statusCode}`));
          const wallMs = performance.now() - startedAt;
          resolve({ firstByteMs, wallMs, bytes, body: Buffer.concat(chunks).toString() });
        });
      },
    )
      .on("error", (error) => {
        // The server may close an idle connection at the moment at which it is used again.
        if (sent.reusedSocket) resolve(scrape(port, options));
        else reject(error);
      })
      .end();
  });
}

/** Scrapes once, and reads no faster than `bytesPerMs`, a few kilobytes at a time. */
export function scrapeSlowly(port, bytesPerMs) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const options = { port, host: "127.0.0.1", path: "/metrics", headers: { accept: ACCEPT.text } };
    request(options, async (response) => {
      let bytes = 0;
      for await (const chunk of response) {
        bytes += chunk.length;
        const dueIn = bytes / bytesPerMs - (performance.now() - startedAt);
        if (dueIn > 0) await sleep(dueIn);
      }
      resolve({ bytes, wallMs: performance.now() - startedAt });
    })
      .on("error", reject)
      .end();
  });
}

/** Sends a request and reads nothing of the response. */
export function scrapeAndStall(port) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n");
  return socket;
}

const MEASURED = /^(http_request|queue_fill|gauge_)/;

/** The samples of the shape in a text exposition, in an order of their own. */
export function samplesOf(body) {
  return body
    .split("\n")
    .filter((line) => MEASURED.test(line))
    .map((line) => {
      const [, name, labels = "", value] = line.match(/^([^{ ]+)(?:\{(.*)\})? (\S+)/) ?? [];
      return `${name}{${labels.split(",").sort()}} ${Number(value)}`;
    })
    .sort();
}
