import type { Logger } from "../../../src/index.ts";

/** A logger that keeps what it is told, and lets a test wait for it. */
export interface Recorder extends Logger {
  readonly lines: string[];
}

/** Makes a logger that keeps its lines, each with its level in front. */
export function createRecorder(): Recorder {
  const lines: string[] = [];
  return {
    lines,
    error: (message) => lines.push(`error ${message}`),
    warn: (message) => lines.push(`warn ${message}`),
  };
}
