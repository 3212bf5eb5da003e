import type { Row } from "./row.ts";
import { CONFLICTS } from "./tables/conflicts.ts";
import { EXPONENTIAL } from "./tables/exponential.ts";
import { FAILURES } from "./tables/failures.ts";
import { FORMATS } from "./tables/formats.ts";
import { HTTP } from "./tables/http.ts";
import { KINDS } from "./tables/kinds.ts";
import { LABELS } from "./tables/labels.ts";
import { NAMES } from "./tables/names.ts";
import { OPTIONS } from "./tables/options.ts";
import { RESOURCE } from "./tables/resource.ts";

/** All rows, in the order of their numbers. */
export const ROWS: readonly Row[] = [
  ...FORMATS,
  ...OPTIONS,
  ...NAMES,
  ...CONFLICTS,
  ...LABELS,
  ...KINDS,
  ...EXPONENTIAL,
  ...RESOURCE,
  ...FAILURES,
  ...HTTP,
].sort((left, right) => left.number - right.number);
