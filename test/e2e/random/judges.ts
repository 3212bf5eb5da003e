import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { freePort } from "../../helpers/http/free-port.ts";
import { ExpositionError, parseExposition } from "../../judge/index.ts";
import { eventually, startPrometheus, stop } from "../programs.ts";

/** An exposition to be judged. */
export interface Exhibit {
  /** Says which it is, as a path. */
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Reads exhibits, and returns a line for each that is rejected. */
export type Judge = (exhibits: readonly Exhibit[]) => Promise<string[]>;

/** What no real parser of text or of protobuf rejects; the Python client's looks for it in OpenMetrics. */
const HARMLESS = /not cumulative|not between 0 and 1|negative count|the last bucket counts/;

/** The parsers in this repository, which look for every fault except illegal values. */
export const judgeHere: Judge = async (exhibits) =>
  exhibits.flatMap(({ path, contentType, body }) => {
    try {
      parseExposition(contentType, body, { strictSemantics: false });
      return [];
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error;
      return HARMLESS.test(error.message) ? [] : [`${path}: ${error.message}`];
    }
  });

// Debian's own Python, because only that one has Debian's packages.
const PYTHON = "/usr/bin/python3";
const READ_ALL = fileURLToPath(new URL("read-all.py", import.meta.url));

/** The parsers of the Python client; all exhibits are text or OpenMetrics. */
export const judgeWithPython: Judge = async (exhibits) => {
  const input = exhibits.map(({ contentType, body }) =>
    JSON.stringify({
      format: isOpenMetrics(contentType) ? "openmetrics" : "text",
      body: Buffer.from(body).toString("base64"),
    }),
  );
  const { code, output } = await run(PYTHON, [READ_ALL], `${input.join("\n")}\n`);
  const errors = output.trimEnd().split("\n");
  if (code !== 0 || errors.length !== exhibits.length) throw new Error(`Python failed: ${output}`);
  return exhibits.flatMap(({ path }, index) => {
    const error = JSON.parse(errors[index] ?? "null") as string;
    return error === "" ? [] : [`${path}: ${error}`];
  });
};

/** promtool starts in 40 ms, most of which is spent waiting. */
const PROMTOOLS = 4;

/** `promtool check metrics`; all exhibits are text. */
export const judgeWithPromtool: Judge = async (exhibits) => {
  const complaints: string[] = [];
  const left = [...exhibits];
  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { code, errors } = await run("promtool", ["check", "metrics"], next.body);
      // 3: it would have given other names to some metrics. 1: it cannot read them.
      if (code !== 0 && code !== 3) complaints.push(`${next.path}: ${errors}`);
    }
  };
  await Promise.all(Array.from({ length: PROMTOOLS }, work));
  return complaints;
};

/**
 * `promtool tsdb create-blocks-from openmetrics`, which reads all exhibits as one exposition: each must
 * have timestamps of its own. All are OpenMetrics.
 */
export const judgeWithTsdb: Judge = async (exhibits) => {
  const folder = await mkdtemp(join(tmpdir(), "promhttp-tsdb-"));
  try {
    const file = join(folder, "exposition");
    const bodies = exhibits.map(({ body }) =>
      Buffer.from(body)
        .toString()
        .replace(/# EOF\n$/, ""),
    );
    await writeFile(file, `${bodies.join("")}# EOF\n`);
    const args = [
      "tsdb",
      "create-blocks-from",
      "--quiet",
      "openmetrics",
      file,
      join(folder, "data"),
    ];
    const { code, errors } = await run("promtool", args, "");
    return code === 0 ? [] : [errors];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A Pushgateway: Go's decoder and its checks; all exhibits are text or protobuf, without timestamps. */
export const judgeWithPushgateway: Judge = async (exhibits) => {
  const port = await freePort();
  const args = [
    `--web.listen-address=127.0.0.1:${port}`,
    "--persistence.file=",
    "--log.level=error",
  ];
  const gateway = spawn("prometheus-pushgateway", args, { stdio: "ignore" });
  try {
    await once(gateway, "spawn");
    const url = `http://127.0.0.1:${port}`;
    await eventually(
      "the Pushgateway",
      async () => (await fetch(`${url}/-/ready`)).ok || undefined,
    );
    const complaints: string[] = [];
    for (const { path, contentType, body } of exhibits) {
      const headers = { "Content-Type": contentType };
      const group = `${url}/metrics/job/random`;
      const answer = await fetch(group, { method: "PUT", headers, body: Buffer.from(body) });
      const said = await answer.text();
      if (!answer.ok) complaints.push(`${path}: ${said.trim()}`);
      // The next one may have the same names with other types.
      await fetch(group, { method: "DELETE" });
      await eventually("the group to be gone", async () => {
        const status = await fetch(`${url}/api/v1/metrics`);
        return (await status.text()).includes('"job":"random"') ? undefined : true;
      });
    }
    return complaints;
  } finally {
    await stop(gateway);
  }
};

/** How many targets one Prometheus scrapes in this interval without falling behind. */
const MAX_TARGETS = 600;

/**
 * A real Prometheus, with a target for each exhibit.
 *
 * It must scrape each, store as many series as the exposition has samples, and log no warning.
 *
 * @param flags Further flags of Prometheus.
 */
export function prometheusJudge(...flags: readonly string[]): Judge {
  return async (exhibits) => {
    const complaints: string[] = [];
    for (let from = 0; from < exhibits.length; from += MAX_TARGETS) {
      const some = exhibits.slice(from, from + MAX_TARGETS);
      complaints.push(...(await scrapeWithPrometheus(some, flags)));
    }
    return complaints;
  };
}

async function scrapeWithPrometheus(
  exhibits: readonly Exhibit[],
  flags: readonly string[],
): Promise<string[]> {
  const byPath = new Map(exhibits.map((exhibit) => [exhibit.path, exhibit]));
  const server = createServer(({ url = "" }, response) => {
    const exhibit = byPath.get(url);
    if (exhibit === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "Content-Type": exhibit.contentType }).end(exhibit.body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    // It is neither closed nor on a pipe.
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const paths = [...byPath.keys()];
    const job = { name: "random", url, paths, interval: "10s", timeout: "10s" };
    await using prometheus = await startPrometheus([job], ...flags);
    const valuesOf = async (query: string) => {
      const samples = await prometheus.query(query);
      return new Map(samples.map(({ metric, value }) => [metric["path"], Number(value)]));
    };
    const errors = await eventually("a scrape of each target", async () => {
      const { data } = (await prometheus.get("/api/v1/targets?state=active")) as TargetsAnswer;
      const isDone = data.activeTargets.every(isScraped);
      const ups = await valuesOf('up{job="random"}');
      if (!isDone || ups.size !== paths.length) return undefined;
      return new Map(data.activeTargets.map(({ labels, lastError }) => [labels.path, lastError]));
    });
    const scraped = await valuesOf('scrape_samples_scraped{job="random"}');
    const ours = '{job="random",__name__!~"up|scrape_(duration|samples|series)_.*"}';
    const stored = await valuesOf(`count by (path) (${ours})`);
    const complaints = exhibits.flatMap(({ path, contentType, body }) => {
      const error = errors.get(path);
      if (error !== "") return [`${path}: ${error}`];
      const sent = contentType.includes("protobuf") ? scraped.get(path) : sampleLines(body);
      const counts = [sent, scraped.get(path), stored.get(path) ?? 0];
      const isWhole = counts.every((count) => count === counts[0]);
      return isWhole ? [] : [`${path}: sent, scraped and stored samples: ${counts.join(", ")}`];
    });
    const warnings = prometheus
      .log()
      .split("\n")
      .filter((line) => line.includes("scrape"));
    return [...complaints, ...warnings.map((line) => `Prometheus: ${line}`)];
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

interface Target {
  readonly labels: { readonly path: string };
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

interface TargetsAnswer {
  readonly data: { readonly activeTargets: readonly Target[] };
}

/** A busy machine may let a scrape time out; the next one shows what is wrong with its target. */
function isScraped({ health, lastError }: Target): boolean {
  return health !== "unknown" && !lastError.includes("deadline exceeded");
}

function sampleLines(body: Uint8Array): number {
  const lines = Buffer.from(body).toString().split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).length;
}

function isOpenMetrics(contentType: string): boolean {
  return contentType.startsWith("application/openmetrics-text");
}

/** Runs a program on some input; one that is not installed fails the test. */
async function run(program: string, args: readonly string[], input: string | Uint8Array) {
  const child = spawn(program, args);
  child.stdin.on("error", () => {}).end(input);
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: code as number | null, output, errors: errors.slice(-2_000) };
}
