import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Group, type Hosted } from "../../src/group/group.ts";
import { createLog } from "../../src/log.ts";
import type { GatherContext, Gatherer } from "../../src/model/gatherer.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import type { HandlerOptions, ResolvedHandlerOptions } from "../../src/options/options.ts";
import { resolveHandlerOptions } from "../../src/options/rules.ts";
import type { WorkersSettings } from "../../src/options/workers.ts";
import { createScrapeHandler } from "../../src/scrape/scrape.ts";
import { type Harness, scraperOf } from "../scrape/harness.ts";

/** One worker of a group under test; all of them are in this process. */
export interface TestWorker extends Pick<Harness, "get" | "sample"> {
  readonly group: Group;
  readonly update: (work: () => unknown) => Promise<void>;
  /** What was logged. */
  readonly logged: string[];
}

/** A group of workers in this process, in a folder of its own. */
export class TestGroup implements AsyncDisposable {
  readonly workers: TestWorker[] = [];
  readonly folder: string;
  /** Nothing of a group keeps a process alive. */
  readonly #alive = setInterval(() => {}, 1_000);
  readonly #before = process.env["PROMHTTP_RUNTIME_DIR"];
  readonly #mark = process.env["PROMHTTP_SERVED_BY"];

  private constructor(folder: string) {
    this.folder = folder;
    process.env["PROMHTTP_RUNTIME_DIR"] = folder;
  }

  static async create(): Promise<TestGroup> {
    return new TestGroup(join(await mkdtemp(join(tmpdir(), "promhttp-group-")), "run"));
  }

  /** Adds a worker, which has joined when this resolves. */
  async add(
    gatherer: Gatherer,
    options: HandlerOptions = {},
    open: Hosted["open"] = async () => undefined,
  ): Promise<TestWorker> {
    return this.#join(gatherer, resolve(options), open);
  }

  /** Adds one that only answers for others, and has no metrics. */
  async addFront(options: HandlerOptions = {}, isStuck?: () => boolean): Promise<TestWorker> {
    const resolved = resolve(options, { application: { thread: 0, name: "shop", isAlone: false } });
    return this.#join(NO_METRICS, resolved, async () => undefined, isStuck);
  }

  /** Adds a worker that never becomes the hub. */
  async addReporter(gatherer: Gatherer, options: HandlerOptions = {}): Promise<TestWorker> {
    return this.#join(gatherer, resolve(options), undefined);
  }

  async #join(
    gatherer: Gatherer,
    options: ResolvedHandlerOptions,
    open: Hosted["open"] | undefined,
    isStuck?: () => boolean,
  ): Promise<TestWorker> {
    const logged: string[] = [];
    const log = createLog({
      error: (message) => logged.push(message),
      warn: (message) => logged.push(message),
    });
    const group = new Group({ gatherer, options, log, address: undefined, isStuck });
    const handlerOptions = { ...options, onScrape: undefined, statusName: undefined };
    const handler = createScrapeHandler(group.gatherer, handlerOptions, log, { lock: group.lock });
    const { update } = handler;
    const worker = { group, update, logged, ...scraperOf({ scrape: group.scrape }) };
    this.workers.push(worker);
    const { scrape, selfMetrics } = handler;
    await group.join(
      open && { ...{ scrape, page: scrape, selfMetrics, open }, shut: async () => {} },
    );
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { group } of this.workers.toReversed()) await group.close();
    clearInterval(this.#alive);
    setVariable("PROMHTTP_RUNTIME_DIR", this.#before);
    setVariable("PROMHTTP_SERVED_BY", this.#mark);
    await rm(join(this.folder, ".."), { recursive: true, force: true });
  }
}

/** What one that only answers for others must not gather from. */
const NO_METRICS: Gatherer = {
  gather() {
    throw new Error("One without metrics was asked for them");
  },
};

function resolve(
  options: HandlerOptions,
  internal: Pick<WorkersSettings, "application"> = {},
): ResolvedHandlerOptions {
  const given = options.workers;
  const workers = { group: "test", ...(typeof given === "object" ? given : {}) };
  const resolved = resolveHandlerOptions({ ...options, workers });
  return { ...resolved, workers: resolved.workers && { ...resolved.workers, ...internal } };
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** A counter of one series. */
export interface TestCounter extends Gatherer {
  /** Each scrape that it was asked for. */
  readonly asked: GatherContext[];
  /** Its value may be changed. */
  readonly metric: { readonly labels: object; value: number };
}

/** Makes a counter of one series. */
export function counterOf(value: number, name = "jobs_total"): TestCounter {
  const metric = { labels: {}, value };
  const families: MetricFamily[] = [{ name, help: "", type: "counter", metrics: [metric] }];
  const asked: GatherContext[] = [];
  return {
    asked,
    metric,
    gather(context: GatherContext) {
      asked.push(context);
      return { families };
    },
  };
}
