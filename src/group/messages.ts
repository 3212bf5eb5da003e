/**
 * What a hub and its members tell each other. Each is the head of a frame; numbers are its body.
 *
 * | from | message | |
 * |---|---|---|
 * | member | `hello` | who it is; the first message |
 * | hub | `welcome`, `refused` | the answer to that |
 * | hub | `want` | asks for a snapshot; one question is open at a time |
 * | member | `layout` | a piece of a snapshot: any number of them precede the numbers |
 * | member | `have` | ends the answer to a question, with the numbers |
 * | member | `last` | begins the last snapshot: only counters and histograms, in a whole layout |
 * | member | `bye` | ends it, with the numbers |
 * | member | `again` | ends the connection after a fault, and will be back with all that it has counted |
 * | hub | `taken` | has them: the member need not keep them elsewhere |
 *
 * What comes from another process is not trusted: the functions here check it, and bound every text.
 */
import type { AddressInfo } from "node:net";
import { ProtocolError } from "../gatherers/remote/protocol-error.ts";
import type { Snapshot } from "../gatherers/remote/snapshot.ts";
import { showShort } from "../log/shown-error.ts";
import type { CollectorError } from "../model/gatherer.ts";
import type { FrameHead } from "./frames.ts";

/** Processes of another version are refused. */
export const PROTOCOL = 1;

/** The name of the protocol in the header `Upgrade`. */
export const UPGRADE = "promhttp-worker";

/** Who a worker is. */
export interface WorkerFacts {
  /** Its id (`worker-id.ts`), the same everywhere. */
  readonly worker: string;
  readonly pid: number;
  /** 0 for the main thread. */
  readonly thread: number;
  /** The number that PM2 or the cluster gave it; `""` without one. */
  readonly id: string;
  /** Of this package. */
  readonly version: string;
}

/** The first message of a member. */
export interface Hello extends WorkerFacts {
  readonly type: "hello";
  /** Whether it would listen as the hub: a hub that does not gives its place to it. */
  readonly canListen: boolean;
  /** Whether it has metrics of its own: one that only answers for others is not asked. */
  readonly hasMetrics: boolean;
  readonly protocol: number;
  /** The slot that it had with the hub before. */
  readonly slot: number | undefined;
}

/** Where a hub answers. */
export interface Place {
  readonly address: AddressInfo | string;
  readonly url: string;
}

/** What a hub tells a new member. */
export interface Welcome {
  readonly type: "welcome";
  /** Absent for a member without metrics. */
  readonly slot: number | undefined;
  readonly pid: number;
  /** What the hub runs: the application's name for pm2, or a script. */
  readonly name: string;
  /** Absent where the hub is a handler. */
  readonly place: Place | undefined;
  /** Names the totals that the hub retains. Others begin anew, and have another name. */
  readonly era: string;
}

/** Why a member may not join. */
export interface Refused {
  readonly type: "refused";
  readonly reason: "protocol" | "members" | "numbers";
}

/** What a snapshot is asked for. */
export interface Question {
  /** When the answer must be there, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** The names that are asked for; absent for everything. */
  readonly names: readonly string[] | undefined;
}

/** A question to a member. */
export interface Want extends Question {
  readonly type: "want";
  readonly n: number;
}

/** A failure of a collector, as another worker tells it. */
export interface ToldError {
  readonly collector: string;
  readonly message: string;
  readonly durationMs: number | undefined;
}

/** How the collectors of a worker did. */
export interface Outcome {
  /** Whether there is a snapshot. */
  readonly isGiven: boolean;
  /** Whether that is only because its collectors took too long. */
  readonly isLate: boolean;
  /** Whether the application has declared that its metrics cannot be trusted. */
  readonly isFailing: boolean;
  readonly errors: readonly ToldError[];
}

/** The end of an answer. */
export interface Have extends Outcome {
  readonly type: "have";
  readonly n: number;
}

/** The longest text of another worker: a name, an id or a message. */
const MAX_TEXT = 300;

/** The most failures that one answer tells of. */
const MAX_ERRORS = 100;

/** The longest list of names in a question; a scrape cannot ask for more. */
const MAX_NAMES = 1_024;

/** Slots and threads are small numbers. */
const MAX_SMALL = 1e9;

/** Bounds a text that is sent. */
export function boundedText(text: string): string {
  return text.slice(0, MAX_TEXT);
}

/** What other workers are told of the failures of collectors. */
export function toldErrors(errors: readonly CollectorError[]): readonly ToldError[] {
  return errors
    .slice(0, MAX_ERRORS)
    .map(({ collector, source = collector, error, durationMs }) => ({
      collector: boundedText(source),
      message: boundedText(showShort(error)),
      durationMs,
    }));
}

/**
 * Shows a text of another worker for a log: quoted, and without any character that a terminal would obey.
 */
export function quoted(text: string): string {
  const toEscape = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(boundedText(text)).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    toEscape,
  );
}

/** @throws {ProtocolError} */
export function readHello(head: FrameHead): Hello {
  const { worker, pid, thread, id, version, protocol, slot, canListen, hasMetrics } = head;
  if (head["type"] !== "hello") throw new ProtocolError("The first message is not a hello");
  return {
    type: "hello",
    protocol: integer(protocol),
    worker: text(worker),
    pid: integer(pid),
    thread: integer(thread),
    id: text(id),
    version: text(version),
    canListen: canListen === true,
    hasMetrics: hasMetrics === true,
    slot: slot === undefined ? undefined : integer(slot),
  };
}

/** @throws {ProtocolError} */
export function readHave(head: FrameHead): Have {
  const { n, isGiven, isLate, isFailing, errors } = head;
  return {
    type: "have",
    n: integer(n),
    isGiven: isGiven === true,
    isLate: isLate === true,
    isFailing: isFailing === true,
    errors: list(errors, MAX_ERRORS).map(readError),
  };
}

function readError(value: unknown): ToldError {
  const { collector, message, durationMs } = Object(value) as Record<string, unknown>;
  return {
    collector: text(collector),
    message: text(message),
    durationMs: typeof durationMs === "number" ? durationMs : undefined,
  };
}

/**
 * Reads the numbers of a snapshot, which follow its layout.
 *
 * @param lastOrder The order of the families where the message has none, because it is the same.
 */
export function readNumbers(
  head: FrameHead,
  body: Uint8Array<ArrayBuffer> | undefined,
  lastOrder: readonly number[],
): Omit<Snapshot, "layout"> {
  const { order, isPartial } = head;
  const bytes = body ?? new Uint8Array(0);
  if (bytes.length % Float64Array.BYTES_PER_ELEMENT !== 0) {
    throw new ProtocolError("The body is not a list of numbers");
  }
  return {
    order: order === undefined ? lastOrder : list(order, MAX_SMALL).map(integer),
    isPartial: isPartial === true,
    numbers: new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8),
  };
}

/** @throws {ProtocolError} */
export function readWelcome(head: FrameHead): Welcome {
  const { slot, pid, name, place, era } = head;
  // A hub is a process of this user that was here first; only its types are checked.
  const { address, url } = Object(place) as Partial<Place>;
  const isPlace =
    typeof url === "string" && (typeof address === "string" || Object(address) === address);
  return {
    type: "welcome",
    slot: slot === undefined ? undefined : integer(slot),
    pid: integer(pid),
    name: text(name),
    place: isPlace ? { address: address as Place["address"], url } : undefined,
    era: text(era),
  };
}

/** @throws {ProtocolError} */
export function readWant(head: FrameHead): Want {
  const { n, deadlineMs, names } = head;
  if (typeof deadlineMs !== "number") throw new ProtocolError("A question has no deadline");
  return {
    type: "want",
    n: integer(n),
    deadlineMs,
    names: names === undefined ? undefined : list(names, MAX_NAMES).map(String),
  };
}

function integer(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SMALL) {
    return value as number;
  }
  throw new ProtocolError("A message has a number that is not allowed");
}

function text(value: unknown): string {
  if (typeof value === "string" && value.length <= MAX_TEXT) return value;
  throw new ProtocolError("A message has a text that is not allowed");
}

function list(value: unknown, max: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= max) return value;
  throw new ProtocolError("A message has a list that is not allowed");
}
