import type { Sdk } from "../sdk.ts";
import type { Subject } from "./subject.ts";

/**
 * A line of the table that compares promhttp with the exporter of the SDK, which serves the same
 * application in the same place. Its number is that of the requirement; several rows may share one.
 */
export interface Row {
  readonly number: number;
  /** What is required. */
  readonly requirement: string;
  /** Whether promhttp meets it. @default true */
  readonly ours?: Verdict;
  /** Whether the exporter meets it. */
  readonly exporter: Verdict;
  /** What the exporter does where it does not meet it. */
  readonly instead?: string;
  /** What its failure says, where that tells that it does exactly this. */
  readonly fault?: RegExp;
  /** Fails with an assertion if the subject does not meet the requirement. */
  check(subject: Subject): Promise<void> | void;
}

/** For every SDK, or for each. */
export type Verdict = boolean | ((sdk: Pick<Sdk, "name" | "major">) => boolean);

/** What is claimed of an SDK. */
export function verdictFor(verdict: Verdict, sdk: Pick<Sdk, "name" | "major">): boolean {
  return typeof verdict === "boolean" ? verdict : verdict(sdk);
}

/** True of the exporters that have what came after 0.200. */
export const SINCE_SDK_2: Verdict = ({ name }) => name === "sdk-2" || name === "sdk-3";

/** True of the exporters since 0.300. */
export const SINCE_SDK_3: Verdict = ({ major }) => major >= 3;
