/**
 * Waits until all promises have settled, or the signal aborts.
 *
 * @param promises They must not reject.
 */
export async function settled(
  promises: readonly Promise<void>[],
  signal: AbortSignal,
): Promise<void> {
  if (promises.length === 0 || signal.aborted) return;
  let stopWaiting = () => {};
  const aborted = new Promise<void>((resolve) => {
    stopWaiting = resolve;
  });
  signal.addEventListener("abort", stopWaiting, { once: true });
  await Promise.race([Promise.all(promises), aborted]);
  signal.removeEventListener("abort", stopWaiting);
}
