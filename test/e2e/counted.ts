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
    const value = await valueOf(scraper, name);
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
  assert.equal(await valueOf(scraper, `resets(${range})`), 0);
  const counted = await valueOf(scraper, `max_over_time(${range}) - min_over_time(${range})`);
  assert.ok(counted >= least && counted <= most, `${counted} of ${least} to ${most}`);
  // increase() extrapolates by half an interval at both ends.
  const samples = await valueOf(scraper, `count_over_time(${range})`);
  const increase = await valueOf(scraper, `increase(${range})`);
  const rounded = (increase * (samples - 1)) / samples;
  assert.ok(Math.abs(rounded - counted) < counted / samples, `${increase} of ${counted}`);
}

async function valueOf(scraper: Scraper, promql: string): Promise<number> {
  const [sample, ...others] = await scraper.query(promql);
  assert.deepEqual(others, [], promql);
  return Number(sample?.value ?? Number.NaN);
}
