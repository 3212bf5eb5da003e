import type { Labels } from "./metric-family.ts";

/** Makes a string that is the same for two label sets exactly when a scraper takes them for one. */
export function labelsKey(labels: Labels): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(labels)) {
    const text = value === undefined || value === null ? "" : String(value);
    // An empty label is an absent one (OpenMetrics 1.0, Label).
    if (text !== "") pairs.push(JSON.stringify([name, text]));
  }
  return pairs.sort().join();
}
