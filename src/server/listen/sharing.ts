import type { Log } from "../../log.ts";

let hasWarned = false;

/**
 * Warns, once, that the workers of a cluster listen at the same address.
 *
 * @param label The address as it was given.
 */
export function warnOfSharing(label: string, log: Pick<Log, "warn">): void {
  if (hasWarned) return;
  hasWarned = true;
  log.warn(
    `Cluster workers share "${label}", so each scrape reaches another worker: name a port for each` +
      " worker, such as 9464 + cluster.worker.id",
  );
}
