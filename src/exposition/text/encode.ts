import type { FaultReporter } from "../../model/gatherer.ts";
import { haveSameElements, snapshotOf } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import { runReaderOf } from "../../model/metric-run.ts";
import { ChunkMemory } from "../chunk-memory.ts";
import type { Encoder, FamilyEncoder } from "../encoder.ts";
import { PageWalk } from "../kept/block-walk.ts";
import type { PageStore } from "../kept/store.ts";
import { ByteSink } from "./byte-sink.ts";

/** What becomes of the families of an exposition. */
export interface TextPlan {
  /** What is served, in order. */
  readonly served: readonly ServedFamily[];
  readonly leftOut: readonly LeftOutFamily[];
}

/** A family with the encoder of its metrics. */
interface ServedFamily {
  readonly family: MetricFamily;
  readonly encoder: FamilyEncoder;
}

/** A family that has to be left out, and why. */
export interface LeftOutFamily {
  readonly name: string;
  readonly reason: string;
}

/** What tells one text format from another. */
export interface TextFormat {
  /** Decides what becomes of each family. */
  plan(families: readonly MetricFamily[]): TextPlan;
  /** What follows the last family. */
  readonly end: string;
}

/**
 * Makes the encoder of a text format.
 *
 * @param store Keeps bytes between scrapes, if there is one.
 */
export function createTextFormatEncoder(format: TextFormat, store?: PageStore): Encoder {
  const planOf = rememberPlans(format);
  const owner = {};
  return {
    encode(families, report, { selection = "", memory = new ChunkMemory() } = {}) {
      const plan = planOf(families, selection);
      const pages = store?.pagesOf(owner, selection);
      const walk = pages && new PageWalk(pages, memory);
      return encodeText(plan, { end: format.end, report, memory, walk });
    },
  };
}

/** How many selections are remembered: those of the scrapers, not those that somebody tries out. */
const MAX_SELECTIONS = 8;

/** Plans again only when the families are others than at the last scrape. */
function rememberPlans(format: TextFormat) {
  const known = new Map<string, TextPlan & { readonly families: readonly MetricFamily[] }>();
  return (families: readonly MetricFamily[], selection: string): TextPlan => {
    const last = known.get(selection);
    if (last !== undefined && haveSameElements(families, last.families)) return last;
    const plan = { ...format.plan(families), families: snapshotOf(families) };
    if (known.size >= MAX_SELECTIONS) known.clear();
    known.set(selection, plan);
    return plan;
  };
}

/** What one exposition is encoded with. */
interface TextEncoding {
  readonly end: string;
  /** Hears of each metric that had to be left out. */
  readonly report: FaultReporter;
  readonly memory: ChunkMemory;
  /** The pages of the last scrape, if they are kept. */
  readonly walk: PageWalk | undefined;
}

/** Encodes families, a chunk at a time. */
function* encodeText(
  { served, leftOut }: TextPlan,
  { end, report, memory, walk }: TextEncoding,
): Generator<Uint8Array, void, undefined> {
  const sink = new ByteSink(memory);
  for (const { name, reason } of leftOut) report(name, reason);
  try {
    for (const { family, encoder } of served) {
      let outcome = walk === undefined ? "not kept" : walk.head(encoder);
      if (walk !== undefined && outcome === "turn") {
        yield* turnPage(walk, encoder, encoder);
        outcome = walk.head(encoder);
      }
      if (outcome === "not kept") sink.text(encoder.head);
      const reader = encoder.run && walk && runReaderOf(family.metrics);
      if (reader !== undefined) walk?.readRun(reader, encoder);
      for (const metric of reader ?? family.metrics) {
        outcome = walk === undefined ? "not kept" : walk.update(metric, encoder);
        if (walk !== undefined && outcome === "turn") {
          yield* turnPage(walk, metric.identity, encoder);
          outcome = walk.update(metric, encoder);
        }
        if (outcome === "not kept") {
          outcome = encoder.encode(metric, sink) ? "done" : "left out";
          if (sink.isFull) yield sink.take();
        }
        if (outcome === "left out") report(family.name, "a value is not a number");
        if (reader !== undefined) walk?.readRun(reader, encoder);
      }
    }
    const last = walk?.finish();
    if (last !== undefined && last.length > 0) yield last;
  } catch (error) {
    walk?.abandon();
    throw error;
  }
  sink.text(end);
  if (!sink.isEmpty) yield sink.take();
}

/** Another scrape may walk the same pages while this one waits here, but never within one page. */
function* turnPage(
  walk: PageWalk,
  identity: unknown,
  encoder: FamilyEncoder,
): Generator<Uint8Array, void, undefined> {
  const bytes = walk.close();
  if (bytes.length > 0) yield bytes;
  walk.turn(identity, encoder);
}
