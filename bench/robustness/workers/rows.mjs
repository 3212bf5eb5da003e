import { LOST_WORKERS } from "./rows/lost-workers.mjs";
import { SLOW_WORKERS } from "./rows/slow-workers.mjs";
import { TOPOLOGIES } from "./rows/topologies.mjs";
import { VALUES } from "./rows/values.mjs";
import { WAYS } from "./rows/ways.mjs";

/** All rows, by their numbers. */
export const ROWS = [...VALUES, ...SLOW_WORKERS, ...LOST_WORKERS, ...TOPOLOGIES, ...WAYS].sort(
  (a, b) => a.row - b.row,
);
