/**
 * Scrapes of one worker, `?worker=3`: as if it were a process of its own, without a label that says which.
 *
 * Each worker has a scrape handler of its own, made when it is first asked for, so that the bytes of its last
 * scrape can be reused. Only some are kept, and each keeps a share of the bytes that are allowed.
 */
import { LightSignal, OVER } from "../../abort.ts";
import type { Log } from "../../log.ts";
import type { Gatherer } from "../../model/gatherer.ts";
import type { ResolvedHandlerOptions } from "../../options/options.ts";
import type { Scrape, ScrapeRequest, ScrapeResponse } from "../../scrape/exchange.ts";
import { createScrapeHandler, type ScrapeHandler } from "../../scrape/scrape.ts";
import type { SelfMetrics } from "../../scrape/self-metrics.ts";
import type { Hub } from "./hub.ts";
import type { Worker } from "./worker.ts";

/** What scrapes of one worker need. */
export interface WorkerScrapesContext {
  readonly hub: Hub;
  readonly options: ResolvedHandlerOptions;
  readonly selfMetrics: SelfMetrics;
  readonly log: Log;
  /** See `PartConfig`. */
  readonly sourceNames: Gatherer["sourceNames"];
}

/** How many workers keep the bytes of their last scrape. */
const MAX_KEPT = 16;

/** Answers scrapes of one worker. */
export class WorkerScrapes {
  readonly #context: WorkerScrapesContext;
  /** The one that was used last is the last. */
  readonly #handlers = new Map<Worker, ScrapeHandler>();

  constructor(context: WorkerScrapesContext) {
    this.#context = context;
  }

  /** Answers a scrape of the worker with this slot. */
  answer(slot: string, request: ScrapeRequest): ReturnType<Scrape> {
    const worker = /^\d{1,9}$/.test(slot) ? this.#context.hub.find(Number(slot)) : undefined;
    return worker === undefined ? notFound() : this.#handlerOf(worker).scrape(request);
  }

  close(): void {
    for (const handler of this.#handlers.values()) handler.close();
    this.#handlers.clear();
  }

  #handlerOf(worker: Worker): ScrapeHandler {
    const handler = this.#handlers.get(worker) ?? this.#create(worker);
    this.#handlers.delete(worker);
    this.#handlers.set(worker, handler);
    for (const [other, { close }] of this.#handlers) {
      if (!other.isGone && this.#handlers.size <= MAX_KEPT) continue;
      if (other === worker) continue;
      close();
      this.#handlers.delete(other);
    }
    return handler;
  }

  #create(worker: Worker): ScrapeHandler {
    const { hub, options, selfMetrics, log, sourceNames } = this.#context;
    const handlerOptions: ResolvedHandlerOptions = {
      ...options,
      onScrape: undefined,
      statusName: undefined,
      selfMetrics: false,
      maxKeptBytes: Math.floor(options.maxKeptBytes / MAX_KEPT),
    };
    const gather = async (context: Parameters<Hub["gather"]>[0]) => {
      const families = await hub.gatherFrom(worker, context);
      const hasSelf = options.selfMetrics && hub.isHost(worker);
      return { families: hasSelf ? [...families, ...selfMetrics.families()] : families };
    };
    return createScrapeHandler({ gather, sourceNames }, handlerOptions, log);
  }
}

/** The value of `worker` in a query; `undefined` without one. */
export function workerOf(query: string): string | undefined {
  if (!query.includes("worker=")) return undefined;
  return new URLSearchParams(query).get("worker") ?? undefined;
}

/** Without a body: a scraper would take it for a broken exposition. */
function notFound(): ScrapeResponse {
  const signal = new LightSignal();
  const headers = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };
  return { status: 404, headers, body: Buffer.alloc(0), signal, end: () => signal.abort(OVER) };
}
