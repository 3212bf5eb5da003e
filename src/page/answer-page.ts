import { randomBytes } from "node:crypto";
import { LightSignal, OVER, type Signal } from "../abort.ts";
import { startBody } from "../exposition/body.ts";
import { ChunkReader } from "../exposition/chunk-reader.ts";
import type { Log } from "../log.ts";
import type { ProcessReading } from "../node.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type {
  ApplicationState,
  PageLink,
  ScrapeRequest,
  ScrapeResponse,
  Sending,
  Unavailable,
  WorkerReport,
} from "../scrape/exchange.ts";
import type { ScrapeHandler } from "../scrape/scrape.ts";
import { familyPage } from "./markup/family-page.ts";
import type { FrameParts } from "./markup/frame.ts";
import type { Html } from "./markup/html.ts";
import { overviewPage } from "./markup/overview-page.ts";
import { type Take, type Taken, takeFamily, takeList, takeOverview } from "./overview.ts";
import { readProcessFacts } from "./process-facts.ts";
import { isFormat, rawView } from "./raw-view.ts";

/** What the page needs of the place that it is in. */
export interface PageContext {
  readonly scrapeHandler: Pick<ScrapeHandler, "scrape" | "survey" | "parts">;
  readonly options: Pick<ResolvedHandlerOptions, "formats">;
  /** The paths that the page links to; a mount knows none. */
  readonly paths: readonly PageLink[];
  readonly log: Log;
  /** The workers that it shows; absent where there is no group. */
  readonly workers?: (() => readonly WorkerReport[]) | undefined;
  /** The application, where that is in another thread: its process, and how it does. */
  readonly application?:
    | { readonly process: ProcessReading; readonly state: () => ApplicationState }
    | undefined;
}

/**
 * Answers a request for the page, by its query; `undefined` if the client disconnected first.
 *
 * - `name[]`, `format`: a scrape for a person, raw
 * - `families`: the list for the search, as JSON
 * - `family`: one family
 * - anything else: the overview
 *
 * @throws What kept the page from being made.
 */
export async function answerPage(
  context: PageContext,
  request: ScrapeRequest,
): Promise<ScrapeResponse | undefined> {
  const query = new URLSearchParams(request.query);
  const format = query.get("format");
  if (query.has("name[]") || isFormat(format)) {
    const { scrape } = context.scrapeHandler;
    return rawView(scrape, request, isFormat(format) ? format : undefined);
  }
  if (query.has("families")) return answerList(context, request);
  const family = query.get("family");
  if (family !== null) {
    return answerMarkup(context, request, takeFamily(family), (detail, parts) =>
      familyPage(family, detail, parts),
    );
  }
  return answerMarkup(context, request, takeOverview, (overview, parts) =>
    // Read when all have answered.
    overviewPage(overview, parts, context.workers?.()),
  );
}

/** Looks at something, and answers with a page of it. */
async function answerMarkup<T>(
  context: PageContext,
  request: ScrapeRequest,
  take: Take<T>,
  pageOf: (found: T | Unavailable, parts: FrameParts) => Iterable<Html>,
): Promise<ScrapeResponse | undefined> {
  const nonce = randomBytes(16).toString("base64");
  const { scrapeHandler, log, paths, options, application } = context;
  const headers = {
    ...COMMON,
    "Content-Type": HTML,
    "Content-Security-Policy": policyOf(nonce, paths),
  };
  if (request.isHead) return { status: 200, headers, body: new Uint8Array(), ...unbounded() };
  const facts = await readProcessFacts(application?.process);
  const taken = await take(scrapeHandler.survey, request.signal, log);
  if (taken === undefined) return undefined;
  const { formats } = options;
  const { tooSlow } = taken;
  const state = application?.state();
  const parts = { facts, nonce, paths, formats, date: new Date(), tooSlow, state };
  const chunks = encode(pageOf(taken.found, parts));
  return respond(log, request.signal, taken, { headers, chunks });
}

async function answerList(
  context: PageContext,
  request: ScrapeRequest,
): Promise<ScrapeResponse | undefined> {
  const headers = { ...COMMON, "Content-Type": "application/json" };
  if (request.isHead) return { status: 200, headers, body: new Uint8Array(), ...unbounded() };
  const { scrapeHandler, log } = context;
  const taken = await takeList(scrapeHandler.survey, request.signal, log);
  if (taken === undefined) return undefined;
  const parts = typeof taken.found === "string" ? [] : taken.found;
  return respond(log, request.signal, taken, { headers, chunks: parts[Symbol.iterator]() });
}

/** What a page is sent as. */
interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: Iterator<Uint8Array>;
}

/** As with a scrape: in slices of the event loop, and no faster than the client reads. */
async function respond<T>(
  log: Log,
  client: Signal,
  { found, signal, end }: Taken<T>,
  { headers, chunks }: Sent,
): Promise<ScrapeResponse | undefined> {
  try {
    const body = await startBody(new ChunkReader(chunks, signal));
    const endLogged: Sending["end"] = (...failure) => {
      if (failure.length > 0 && !client.aborted) log.error("Cannot send the page", failure[0]);
      end(...failure);
    };
    const [status, more] = isUnavailable(found) ? UNAVAILABLE[found] : OK;
    return { status, headers: { ...headers, ...more }, body, signal, end: endLogged };
  } catch (error) {
    end(error);
    if (client.aborted) return undefined;
    throw error;
  }
}

function isUnavailable(found: unknown): found is Unavailable {
  return typeof found === "string";
}

const OK = [200, {}] as const;

const UNAVAILABLE = {
  busy: [503, { "Retry-After": "1" }],
  late: [503, {}],
  failed: [500, {}],
} as const satisfies Record<Unavailable, unknown>;

const HTML = "text/html; charset=utf-8";

const COMMON = { "Referrer-Policy": "no-referrer", "Cache-Control": "no-store" };

/**
 * The policy allows the page only its own style and script, known by their nonce, and requests of the
 * script and of forms to its own server.
 */
function policyOf(nonce: string, paths: readonly PageLink[]): string {
  const forms = paths.some(({ probe }) => probe !== undefined) ? "'self'" : "'none'";
  return (
    `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
    `connect-src 'self'; base-uri 'none'; form-action ${forms}; frame-ancestors 'none'`
  );
}

/** An answer that holds nothing needs no deadline. */
function unbounded(): Sending {
  const signal = new LightSignal();
  return { signal, end: () => signal.abort(OVER) };
}

/** The size of a chunk, in UTF-16 code units: about 20 rows. */
const CHUNK_LENGTH = 16 * 1_024;

function* encode(parts: Iterable<Html>): Generator<Uint8Array, void, undefined> {
  let text = "";
  for (const { markup } of parts) {
    text += markup;
    if (text.length < CHUNK_LENGTH) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}
