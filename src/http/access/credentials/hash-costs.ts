// What the cost of a hash means for logins. bcrypt runs 2^cost rounds: 60 ms at 10, 4 s at 16.

/** A hash of a higher cost takes longer than a scraper waits while others log in. */
const MAX_COMMON_COST = 12;

/** The cost in a hash such as `$2b$10$…`: each step doubles the time of a comparison. */
export function costOf(hash: string): number {
  return Number(hash.split("$")[2]);
}

/**
 * Says that logins are slow, if they are.
 *
 * @param users The hashes of passwords, by the names of users.
 */
export function highCostWarnings(users: ReadonlyMap<string, string>): string[] {
  const cost = Math.max(0, ...Array.from(users.values(), costOf));
  return cost > MAX_COMMON_COST ? [`A password hash of cost ${cost} makes logins slow`] : [];
}

/**
 * Says that hashes have different costs, if they have: each login then takes as long as one of the highest,
 * so that nobody learns from the time which users there are.
 */
export function unequalCostWarnings(users: ReadonlyMap<string, string>): string[] {
  const costs = Array.from(users.values(), costOf);
  const highest = Math.max(...costs);
  return costs.every((cost) => cost === highest)
    ? []
    : [`Password hashes of different costs all take as long as one of ${highest}: make them equal`];
}
