import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../helpers/http/free-port.ts";

/** A program that scrapes, with the HTTP API of Prometheus. */
export interface Scraper extends AsyncDisposable {
  /** The samples of an instant query: the labels and the value of each. */
  query(promql: string): Promise<readonly Sample[]>;
  /** Any other part of its API. */
  get(path: string): Promise<unknown>;
  /** What it has logged so far. */
  log(): string;
}

/** One sample of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** What is written for the value, a number; `""` where there is a native histogram instead. */
  readonly value: string;
  readonly histogram?: HistogramSample | undefined;
}

/** A native histogram as Prometheus shows it. */
export interface HistogramSample {
  readonly count: string;
  readonly sum: string;
  /** For each bucket a number for which of its bounds belong to it, these bounds, and its count. */
  readonly buckets: readonly [rule: number, from: string, to: string, count: string][];
}

/** What is to be scraped. */
export interface Job {
  readonly name: string;
  readonly url: string;
  /** The paths of many targets, each with a label `path`; by default there is one, that of `url`. */
  readonly paths?: readonly string[];
  /** The document of a service discovery by HTTP, which lists the targets instead. */
  readonly targetsUrl?: string;
  readonly interval: string;
  readonly timeout: string;
  /** What else its configuration says, such as `basic_auth`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What a service discovery would say of the target, and what is made of it. */
  readonly discovery?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly relabel_configs: readonly unknown[];
  };
}

/** Starts a Prometheus on a folder and a port of its own. */
export async function startPrometheus(
  jobs: readonly Job[],
  ...flags: readonly string[]
): Promise<Scraper> {
  const argsOf = (folder: string, port: number) => [
    `--config.file=${join(folder, "config.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn",
    ...flags,
  ];
  return startScraper("prometheus", jobs, argsOf, { refresh_interval: DISCOVERY_INTERVAL });
}

/** How often the targets of a service discovery are read. */
const DISCOVERY_INTERVAL = "2s";

/** Starts a VictoriaMetrics on a folder and a port of its own. */
export async function startVictoriaMetrics(jobs: readonly Job[]): Promise<Scraper> {
  return startScraper("victoria-metrics", jobs, (folder, port) => [
    `-promscrape.config=${join(folder, "config.yml")}`,
    `-storageDataPath=${join(folder, "data")}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    "-memory.allowedPercent=10",
    "-search.latencyOffset=0s",
    "-loggerLevel=WARN",
    // In its configuration this would be an unknown field.
    `-promscrape.httpSDCheckInterval=${DISCOVERY_INTERVAL}`,
  ]);
}

/** How many characters of a log are shown: one that goes on complains of the same thing. */
const MAX_SHOWN = 5_000;

async function startScraper(
  program: string,
  jobs: readonly Job[],
  args: (folder: string, port: number) => string[],
  sd: object = {},
): Promise<Scraper> {
  const folder = await mkdtemp(join(tmpdir(), "promhttp-e2e-"));
  await writeFile(join(folder, "config.yml"), configOf(jobs, sd));
  const port = await freePort();
  const child = spawn(program, args(folder, port), { stdio: ["ignore", "inherit", "pipe"] });
  let logged = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (logged.length < MAX_SHOWN) process.stderr.write(text);
    logged += text;
  });
  // A program that is not installed fails the test: `npm run test:e2e` installs it first.
  await once(child, "spawn");

  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return response.json();
  };
  return {
    get,
    log: () => logged,
    async query(promql) {
      // VictoriaMetrics shows a new sample only after a flush; Prometheus has no such path.
      await fetch(`http://127.0.0.1:${port}/internal/force_flush`);
      const answer = await get(`/api/v1/query?nocache=1&query=${encodeURIComponent(promql)}`);
      const { data, error } = answer as QueryAnswer;
      if (data === undefined) throw new Error(`${program} cannot answer ${promql}: ${error}`);
      return data.result.map(({ metric, value, histogram }) => ({
        metric,
        value: value?.[1] ?? "",
        histogram: histogram?.[1],
      }));
    },
    async [Symbol.asyncDispose]() {
      await stop(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What `/api/v1/query` answers; each sample stands behind its time. */
interface QueryAnswer {
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Sample["metric"];
      readonly value?: readonly [number, string];
      readonly histogram?: readonly [number, HistogramSample];
    }[];
  };
}

/**
 * JSON is YAML.
 *
 * @param sd What the program is told of a service discovery beside its URL.
 */
function configOf(jobs: readonly Job[], sd: object): string {
  return JSON.stringify({
    scrape_configs: jobs.map((job) => ({
      job_name: job.name,
      scrape_interval: job.interval,
      scrape_timeout: job.timeout,
      ...(job.targetsUrl === undefined
        ? staticTargetsOf(job)
        : { http_sd_configs: [{ url: job.targetsUrl, ...sd }] }),
      relabel_configs: job.discovery?.relabel_configs,
      ...job.settings,
    })),
  });
}

function staticTargetsOf({ url, paths, discovery }: Job): object {
  const { protocol, host, pathname } = new URL(url);
  return {
    scheme: protocol.slice(0, -1),
    metrics_path: pathname,
    static_configs: paths?.map((path) => ({
      targets: [host],
      labels: { __metrics_path__: path, path },
    })) ?? [{ targets: [host], labels: discovery?.labels }],
  };
}

/** Ends a child process and waits for it. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

const POLL_MS = 250;

/** Asks again and again until there is an answer, for at most a minute and a half. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Gave up waiting for ${what}`, { cause: last });
}

/** Waits until a job was scraped `count` times, and says how many of the scrapes failed. */
export async function failedScrapes(scraper: Scraper, job: string, count: number): Promise<number> {
  const ups = `up{job="${job}"}[10m]`;
  const total = await eventually(`${count} scrapes of ${job}`, async () => {
    const [sample] = await scraper.query(`count_over_time(${ups})`);
    return Number(sample?.value) >= count ? Number(sample?.value) : undefined;
  });
  const [good] = await scraper.query(`sum_over_time(${ups})`);
  return Math.max(0, total - Number(good?.value));
}
