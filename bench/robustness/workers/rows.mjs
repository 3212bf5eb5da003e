import { VALUES } from "./rows/values.mjs";

/** All rows, by their numbers. */
export const ROWS = [...VALUES];
