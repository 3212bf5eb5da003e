import type { LineCursor } from "../line-cursor.ts";
import { LENIENT_NUMBER, parseNumber } from "../number.ts";
import type { ParsedFamily, ParsedSample } from "../types.ts";
import type { TextFamilies } from "./text.ts";

interface Draft {
  readonly name: string;
  type?: string;
  help?: string;
  readonly samples: ParsedSample[];
}

/**
 * Collects families the way prometheus/common does: in any order, and each by its name.
 *
 * Still wrong are a second HELP or TYPE, a TYPE after a sample, and an `le` or a `quantile` that is
 * no number.
 */
export function createLenientFamilies(): TextFamilies {
  const drafts = new Map<string, Draft>();

  const draftOf = (name: string): Draft => {
    const draft = drafts.get(name) ?? { name, samples: [] };
    drafts.set(name, draft);
    return draft;
  };

  return {
    help(cursor, name, help) {
      const draft = draftOf(name);
      if (draft.help !== undefined) {
        cursor.fail(`a second HELP for ${name}`);
      }
      draft.help = help;
    },

    type(cursor, name, type) {
      const draft = draftOf(name);
      if (draft.type !== undefined) {
        cursor.fail(`a second TYPE for ${name}`);
      }
      if (draft.samples.length > 0) {
        cursor.fail(`TYPE after a sample of ${name}`);
      }
      draft.type = type;
    },

    sample(cursor, sample) {
      const draft = draftOf(familyNameOf(sample.name, drafts));
      checkBound(cursor, draft.type, sample);
      draft.samples.push(sample);
    },

    finish() {
      return [...drafts.values()]
        .filter(({ type, samples }) => type !== undefined || samples.length > 0)
        .map((draft): ParsedFamily => ({ ...draft, type: draft.type ?? "untyped" }));
    },
  };
}

function familyNameOf(sampleName: string, drafts: ReadonlyMap<string, Draft>): string {
  if (drafts.has(sampleName)) {
    return sampleName;
  }
  const [, base = "", suffix = ""] = /^(.*)_(count|sum|bucket)$/s.exec(sampleName) ?? [];
  const type = drafts.get(base)?.type;
  const isPart = type === "histogram" || (type === "summary" && suffix !== "bucket");
  return isPart ? base : sampleName;
}

function checkBound(cursor: LineCursor, type: string | undefined, sample: ParsedSample): void {
  const label = type === "histogram" ? "le" : type === "summary" ? "quantile" : undefined;
  const text = label === undefined ? undefined : sample.labels.get(label);
  if (text !== undefined && parseNumber(text, LENIENT_NUMBER) === undefined) {
    cursor.fail(`${label} is not a number: ${JSON.stringify(text)}`);
  }
}
