import type { Exemplar } from "../../model/metric-family.ts";
import type { RegistryExemplar } from "./registry.ts";

/** Translates an exemplar of a client library; `undefined` when it holds none. */
export function toExemplar(exemplar: RegistryExemplar | null | undefined): Exemplar | undefined {
  if (!exemplar || typeof exemplar.value !== "number") return undefined;
  const { labelSet, value, timestamp } = exemplar;
  return {
    labels: labelSet ?? {},
    value,
    timestampMs: typeof timestamp === "number" ? timestamp * 1_000 : undefined,
  };
}
