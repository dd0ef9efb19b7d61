const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** How long to wait before try number `attempt` (0 is the first retry): doubling, capped, and jittered
 *  down to half so that a thousand widgets do not come back in the same second. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_MS * 2 ** Math.min(attempt, 10), LONGEST_MS);
  return Math.round(full * (0.5 + random() / 2));
}
