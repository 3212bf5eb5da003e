// What the cost of a hash means for logins.
// bcrypt runs 2^cost rounds: 60 ms at 10, 4 s at 16.

/** With hashes of a higher cost, a login takes longer than many a scraper waits. */
const MAX_COMMON_COST = 12;

/** The cost in a hash such as `$2b$10$…`. */
export function costOf(hash: string): number {
  return Number(hash.split("$")[2]);
}

/**
 * Says which hashes work, but may be a mistake. Where costs differ, each login takes as long as one of the
 * highest, so that nobody learns from the time which users there are.
 *
 * @param users The hashes of passwords, by the names of users.
 * @returns One line each.
 */
export function costWarnings(users: ReadonlyMap<string, string>): string[] {
  const costs = Array.from(users.values(), costOf);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const warnings: string[] = [];
  if (most > MAX_COMMON_COST) {
    warnings.push(`Logins are slow: a password hash has the cost ${most}; 10 is enough`);
  }
  if (least < most) {
    warnings.push(`Password hashes should all have the same cost, got ${least} to ${most}`);
  }
  return warnings;
}
