/**
 * What the thread of an application and that of its server tell each other.
 *
 * | from | message | |
 * |---|---|---|
 * | application | `ThreadStart` | what to serve, and how; the data that the thread is started with |
 * | server | `open`, `failed` | the answer to that |
 * | server | `place` | where it is, or what it is in its group, has changed |
 * | server | `want` | asks for what one of its paths serves |
 * | application | `collecting` | some collectors are asynchronous, and have not settled |
 * | server | `knock` | asks whether the event loop of the application turns, although its heartbeat stands still |
 * | server | `abandon` | nobody waits for a question any longer |
 * | server | `authorize`, `probe` | asks for what a function of the user decides or returns |
 * | application | `layout` | the beginning of an answer |
 * | application | `anew` | what was sent of a source is void |
 * | application | `answer`, `authorized`, `probed`, `refused` | ends a question |
 * | application | `failing`, `ok`, `ready`, `updated` | what the application has declared, and how an update went |
 * | application | `reload`, `close` | asks the server to do so |
 * | server | `reloaded`, `closed` | it has |
 * | server | `log` | a line for the logger of the user |
 *
 * Numbers lie in shared memory (`shared-numbers.ts`), and so does the heartbeat (`heartbeat.ts`).
 */
import type { AddressInfo } from "node:net";
import type { LayoutPiece, Snapshot } from "../../gatherers/remote/snapshot.ts";
import type { LoggerStyle } from "../../log.ts";
import type { CollectorError, Gatherer, SourceHealth } from "../../model/gatherer.ts";
import type { ProcessReading } from "../../node.ts";
import type { ListenTarget } from "../../options/address.ts";
import type { ResolvedOptions, ThreadSettings } from "../../options/options.ts";
import type { AuthOptions, AuthorizeRequest } from "../../options/security.ts";
import type { WorkerRole } from "../../options/workers.ts";
import type { PageLink, ScrapeRequest, ScrapeResponse } from "../../scrape/exchange.ts";
import type { ErrorParcel } from "./error-parcel.ts";

/** What the thread of a server is started with. */
export interface ThreadStart {
  readonly target: ListenTarget;
  /** The address as it was given, for messages. */
  readonly label: string;
  readonly options: SentOptions;
  readonly thread: ThreadSettings;
  /** What is gathered: first what the main path serves, then each further path that is not a probe. */
  readonly sources: readonly SourceFacts[];
  /** The paths of probes, which the application answers itself. */
  readonly probes: readonly PageLink[];
  /** How the logger takes its lines; `undefined` where logging is off. */
  readonly logger: LoggerStyle | undefined;
  /** Whether the option `auth` has a function. */
  readonly hasAuthorize: boolean;
  /** The memory of `Heartbeat`. */
  readonly heartbeat: SharedArrayBuffer;
  /** How many threads before this one have ended. */
  readonly restarts: number;
  /** The process, as the application's thread sees it, for the page. */
  readonly process: ProcessReading;
  readonly declared: Declared;
}

/**
 * The options of a server without what cannot be cloned: functions, and what further paths serve. Those of its
 * group are without `onJoined`.
 */
export type SentOptions = Omit<ResolvedOptions, "logger" | "onScrape" | "paths" | "auth"> & {
  readonly auth: Omit<AuthOptions, "authorize"> | undefined;
};

/** What is known of a gatherer before it gathers. */
export interface SourceFacts extends Pick<Gatherer, "params" | "sourceNames" | "hasCollectors"> {
  readonly path: string;
}

/** What an application has declared. */
export interface Declared {
  /** Why its metrics cannot be trusted; `undefined` where they can. */
  readonly failing: string | undefined;
  readonly isReady: boolean;
}

/** Where a server is, and what it is in its group. */
export interface ThreadPlace {
  readonly address: AddressInfo | string;
  readonly url: string;
  readonly role: WorkerRole;
}

/** Asks for what one path serves. */
export interface Want {
  readonly type: "want";
  readonly n: number;
  /** The index of its source. */
  readonly source: number;
  readonly deadlineMs: number;
  readonly names: readonly string[] | undefined;
  readonly pickedSources: ReadonlySet<string> | undefined;
  readonly params: Readonly<Record<string, string | undefined>>;
  /** Whether the answer must say how long each collector took. */
  readonly wantsDurations: boolean;
}

/** The answer to a `want`: the fields of a `GatherResult`, with a snapshot of its families. */
export interface Answer {
  readonly type: "answer";
  readonly n: number;
  /** The index of its source: it is applied even if nobody waits for it any longer. */
  readonly source: number;
  readonly errors: readonly (Omit<CollectorError, "error"> & { readonly error: ErrorParcel })[];
  readonly sources: readonly SourceHealth[] | undefined;
  /** How long each collector took, in milliseconds, where that was asked. */
  readonly durations: readonly (readonly [collector: string, durationMs: number])[];
  /** What had to be skipped: the name of its family, and the reason. */
  readonly faults: readonly (readonly [family: string, reason: string])[];
  readonly snapshot: SentSnapshot;
  /**
   * Whether the snapshot has a whole layout of its own, and is for this question only: its families depend
   * on values that a client has chosen.
   */
  readonly isSeparate: boolean;
  /** When its values were read, by the clock of `Heartbeat`. */
  readonly readAtMs: number;
}

/**
 * A piece of the layout of the next answer of its source, before the ones that come with it. To clone a large
 * layout at once would block the event loop.
 */
export interface LayoutAhead {
  readonly type: "layout";
  /** The index of its source. */
  readonly source: number;
  readonly piece: LayoutPiece;
}

/** What has been sent of a source is void: the next answer has its whole layout. */
export interface Anew {
  readonly type: "anew";
  /** The index of the source. */
  readonly source: number;
}

/** A snapshot whose numbers are in memory that both threads share, or that comes with the message. */
interface SentSnapshot extends Omit<Snapshot, "numbers"> {
  readonly numbers: SentNumbers;
}

/** Where numbers are (`shared-numbers.ts`). */
export interface SentNumbers {
  readonly count: number;
  /** The memory that both threads share, where it is another than that of the snapshot before. */
  readonly shared?: SharedArrayBuffer | undefined;
  /** Memory that comes with the message: these numbers are not in the one that both share. */
  readonly own?: ArrayBuffer | undefined;
}

/** What a probe needs of a request: a `ScrapeRequest` that can be cloned. */
export type SentRequest = Omit<ScrapeRequest, "signal" | "client">;

/** A response of a probe with its whole body. */
export interface SentResponse extends Pick<ScrapeResponse, "status" | "headers"> {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A request to decide on; the certificate of its client is in DER. */
export type SentAuthorizeRequest = Omit<AuthorizeRequest, "certificate"> & {
  readonly certificate?: Uint8Array | undefined;
};

/** What the thread of the server says. */
export type FromServer =
  | ({ readonly type: "open"; readonly isTls: boolean } & ThreadPlace)
  | { readonly type: "failed"; readonly error: ErrorParcel }
  | ({ readonly type: "place" } & ThreadPlace)
  | Want
  | { readonly type: "knock" }
  | { readonly type: "abandon"; readonly n: number; readonly isLate: boolean }
  | { readonly type: "authorize"; readonly n: number; readonly request: SentAuthorizeRequest }
  | {
      readonly type: "probe";
      readonly n: number;
      readonly path: string;
      readonly request: SentRequest;
    }
  | {
      readonly type: "log";
      readonly level: "error" | "warn" | "info";
      readonly args: readonly unknown[];
    }
  | { readonly type: "reloaded"; readonly n: number }
  | { readonly type: "closed" };

/** What the thread of the application says. */
export type FromApplication =
  | Answer
  | LayoutAhead
  | Anew
  | { readonly type: "collecting"; readonly n: number }
  | { readonly type: "refused"; readonly n: number; readonly error: ErrorParcel }
  | { readonly type: "authorized"; readonly n: number; readonly isAllowed: boolean }
  | {
      readonly type: "probed";
      readonly n: number;
      readonly response: SentResponse | undefined;
    }
  | { readonly type: "failing"; readonly message: string | undefined }
  | { readonly type: "ok" }
  | { readonly type: "ready"; readonly isReady: boolean }
  | { readonly type: "updated"; readonly durationMs: number; readonly error?: ErrorParcel }
  | { readonly type: "reload"; readonly n: number }
  | { readonly type: "close" };
