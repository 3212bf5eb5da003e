import { FOLDERS } from "./rows/folders.mjs";
import { LARGE } from "./rows/large.mjs";
import { LOST_WORKERS } from "./rows/lost-workers.mjs";
import { MANAGED } from "./rows/managed.mjs";
import { SLOW_WORKERS } from "./rows/slow-workers.mjs";
import { TOPOLOGIES } from "./rows/topologies.mjs";
import { VALUES } from "./rows/values.mjs";
import { WAYS } from "./rows/ways.mjs";

/** All rows, by their numbers. */
export const ROWS = [
  ...VALUES,
  ...SLOW_WORKERS,
  ...LOST_WORKERS,
  ...TOPOLOGIES,
  ...MANAGED,
  ...FOLDERS,
  ...LARGE,
  ...WAYS,
].sort((a, b) => a.row - b.row);
