import type { LabelHolder } from "../../src/exposition/encoder.ts";

/** The labels of an encoder that writes none. */
export const TRUSTED_LABELS: LabelHolder = {
  isTrusting: true,
  isRefused: false,
  fault: undefined,
  hold: () => undefined,
  release: () => {},
};
