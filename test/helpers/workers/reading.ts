import { type ParsedFamily, type ParsedSample, parseExposition } from "../../judge/index.ts";
import { httpGet } from "../http/http-get.ts";
import { poll } from "../poll.ts";
import { within } from "../within.ts";

/** What a scrape has returned, judged and ready to be looked at. */
export class Reading {
  readonly status: number;
  readonly text: string;
  readonly families: readonly ParsedFamily[];

  constructor(status: number, text: string, families: readonly ParsedFamily[]) {
    this.status = status;
    this.text = text;
    this.families = families;
  }

  /** The samples of a name whose labels are among others those given. */
  samples(name: string, labels: Readonly<Record<string, string>> = {}): readonly ParsedSample[] {
    return this.families
      .flatMap((family) => family.samples)
      .filter((sample) => sample.name === name && has(sample, labels));
  }

  /** The value of the one sample of a name with these labels; `undefined` without one. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const [sample, ...others] = this.samples(name, labels);
    if (others.length > 0) throw new Error(`${name} is not one sample:\n${this.text}`);
    return sample?.value;
  }

  /** The samples of a name as they are written, sorted, without the name. */
  lines(name: string): string[] {
    return this.text
      .split("\n")
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .map((line) => line.slice(name.length).trimStart())
      .sort();
  }

  /** How many workers are in a state. */
  workers(state: "up" | "late" | "incompatible"): number | undefined {
    return this.value("promhttp_workers", { state });
  }
}

function has(sample: ParsedSample, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => sample.labels.get(name) === value);
}

/** Scrapes once; the body of a 200 must be without a fault. */
export async function scrape(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reading> {
  const answer = await within(`the scrape of ${url}`, httpGet(url, headers));
  const { status = 0, body } = answer;
  const type = `${answer.headers["content-type"]}`;
  const families = status === 200 ? parseExposition(type, body) : [];
  return new Reading(status, `${body}`, families);
}

/** Scrapes until something has come about; between two hubs nobody may answer. */
export async function eventually(
  what: string,
  read: () => Promise<Reading>,
  isDone: (reading: Reading) => boolean,
): Promise<Reading> {
  let last: Reading | undefined;
  const hasCome = async () => {
    try {
      last = await read();
      return last.status === 200 && isDone(last);
    } catch (error) {
      if (isRefused(error)) return false;
      throw error;
    }
  };
  try {
    await poll(what, hasCome);
  } catch (error) {
    throw new Error(`${what}; the last scrape:\n${last?.text}`, { cause: error });
  }
  return last as Reading; // The last one has satisfied `isDone`.
}

/** Whether nobody listened, or whoever did has ended. */
function isRefused(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT"].includes(code);
}
