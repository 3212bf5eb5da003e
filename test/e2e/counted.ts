import assert from "node:assert/strict";
import { eventually, type Scraper } from "./programs.ts";

/** Waits until the last value of a counter is within bounds, both included. */
export async function seen(
  scraper: Scraper,
  name: string,
  least: number,
  most: number = least,
): Promise<void> {
  await eventually(`${name} from ${least} to ${most}`, async () => {
    const value = await onlyValue(scraper, name);
    assert.ok(!(value > most), `${name} is ${value}, more than ${most}`);
    return value >= least ? value : undefined;
  });
}

/**
 * Asserts that what a counter has counted under a scraper is within bounds, both included, and that it has
 * never been taken for one that begins anew.
 */
export async function assertCounted(
  scraper: Scraper,
  name: string,
  least: number,
  most: number = least,
): Promise<void> {
  const range = `${name}[10m]`;
  assert.equal(await onlyValue(scraper, `resets(${range})`), 0);
  const counted = await onlyValue(scraper, `max_over_time(${range}) - min_over_time(${range})`);
  assert.ok(counted >= least && counted <= most, `${counted} of ${least} to ${most}`);
  // increase() extrapolates by half an interval at both ends.
  const samples = await onlyValue(scraper, `count_over_time(${range})`);
  const increase = await onlyValue(scraper, `increase(${range})`);
  const rounded = (increase * (samples - 1)) / samples;
  assert.ok(Math.abs(rounded - counted) < counted / samples, `${increase} of ${counted}`);
}

async function onlyValue(scraper: Scraper, promql: string): Promise<number> {
  const [sample, ...others] = await scraper.query(promql);
  assert.deepEqual(others, [], promql);
  return Number(sample?.value ?? Number.NaN);
}
