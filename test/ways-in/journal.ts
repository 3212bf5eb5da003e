import { EventEmitter, once } from "node:events";
import { within } from "../helpers/within.ts";

/** What happens behind a way in, line by line: the events of its source, and its log. */
export interface Journal {
  readonly lines: readonly string[];
  add(line: string): void;
  /** Waits for a line that matches. */
  line(pattern: RegExp): Promise<void>;
}

/** Makes an empty journal. */
export function createJournal(): Journal {
  const lines: string[] = [];
  const events = new EventEmitter();
  const find = async (pattern: RegExp) => {
    while (!lines.some((line) => pattern.test(line))) await once(events, "line");
  };
  return {
    lines,
    add(line) {
      lines.push(line);
      events.emit("line");
    },
    line: (pattern) => within(`the line ${pattern}`, find(pattern)),
  };
}

/** The last number that the journal has after `label`; 0 before the first. */
export function lastNumber({ lines }: Journal, label: string): number {
  const line = lines.findLast((candidate) => candidate.startsWith(`${label} `));
  return Number(line?.slice(label.length + 1) ?? 0);
}

/** The lines of the log. */
export function logOf({ lines }: Journal): readonly string[] {
  return lines.filter((line) => /^(error|warn) /.test(line));
}
