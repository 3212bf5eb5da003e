import type { Log } from "../../log.ts";

let hasWarned = false;

/** Warns, once, that the workers of a cluster listen at the same address. */
export function warnOfSharing({
  label,
  log,
}: {
  /** The address as it was given. */
  readonly label: string;
  readonly log: Pick<Log, "warn">;
}): void {
  if (hasWarned) return;
  hasWarned = true;
  log.warn(
    `Cluster workers share "${label}", so each scrape reaches another worker: name a port for each` +
      " worker, such as 9464 + cluster.worker.id",
  );
}
