// What the contract serves. A source tells what happens to it by lines, because a way in may run in
// another process, and on another runtime: nothing but types comes from the package.
import { Buffer } from "node:buffer";
import type { GatherContext, Gatherer, Source } from "../../src/index.ts";
import { gaugeOf, longFamily } from "../helpers/families.ts";
import { createLargeRegistry } from "../helpers/registries/large-registry.ts";

/** Tells what happens. */
export type Tell = (line: string) => void;

/** The name of a source. */
export type SourceName =
  | "counting"
  | "large"
  | "long"
  | "throwing"
  | "failing"
  | "blocking"
  | "endless";

/** Makes each source. */
export const SOURCES: Readonly<Record<SourceName, (tell: Tell) => Source>> = {
  /** Serves how often it was asked. */
  counting() {
    let gatherings = 0;
    return {
      gather: () => ({ families: [gaugeOf([{ labels: {}, value: ++gatherings }], "gatherings")] }),
    };
  },

  /** 1.4 MB. */
  large: () => createLargeRegistry(30_000),

  /** 12 MB: more than the buffers between a source and its client take. */
  long: () => longGatherer(() => {}, { count: 12_000 }),

  throwing: () => ({
    gather() {
      throw new Error("the password is s3cr3t");
    },
  }),

  /** Fails after some 2 MB of its body. */
  failing: (tell) => longGatherer(tell, { failAt: 2_000 }),

  /** Waits for the abort of the first gathering; answers the others at once. */
  blocking(tell) {
    let isFirst = true;
    return {
      gather(context) {
        if (!isFirst) return { families: [] };
        isFirst = false;
        return untilAborted(context, tell);
      },
    };
  },

  endless: (tell) => longGatherer(tell),
};

/** What the source `counting` is as text. */
export function countingText(gatherings: number): string {
  return `# TYPE gatherings gauge\ngatherings ${gatherings}\n`;
}

function untilAborted({ signal }: GatherContext, tell: Tell): Promise<never> {
  tell("gathering");
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      tell("aborted");
      reject(signal.reason);
    });
  });
}

/**
 * Makes a gatherer of metrics of 1 KB each, without an end unless there is a `count`. It tells how many were
 * read: at every tenth, and when the reader stops.
 */
function longGatherer(
  tell: Tell,
  { count = Number.POSITIVE_INFINITY, failAt = -1 }: { count?: number; failAt?: number } = {},
): Gatherer {
  let read = 0;
  const family = longFamily({
    count,
    paddingOf: (index) => PADDINGS[index % PADDINGS.length] ?? "",
    valueAt(index) {
      read = index;
      if (index === failAt) throw new Error("the password is s3cr3t");
      if (index % 10 === 0) tell(`read ${index}`);
      return index;
    },
    onStop: () => tell(`stopped ${read}`),
  });
  return { gather: () => ({ families: [family] }) };
}

/** Texts of 1 KB that gzip cannot make much smaller, more of them than it looks back. */
const PADDINGS = Array.from({ length: 400 }, (_, index) => padding(index + 1));

function padding(seed: number): string {
  const bytes = Buffer.alloc(750);
  for (let at = 0, state = seed; at < bytes.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes.toString("base64");
}
