import type { Sdk } from "../sdk.ts";

/** What an SDK logs. */
export interface Diagnostics {
  readonly lines: readonly string[];
  /** Stops recording. */
  end(): void;
}

/** Records the warnings and errors of an SDK, which has one logger for a process. */
export function recordDiagnostics({ api }: Sdk): Diagnostics {
  const lines: string[] = [];
  const record = (...words: unknown[]) => {
    lines.push(words.map(String).join(" "));
  };
  const ignore = () => {};
  api.diag.setLogger(
    { error: record, warn: record, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  return { lines, end: () => api.diag.disable() };
}
