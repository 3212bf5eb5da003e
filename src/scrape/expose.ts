import { LightSignal } from "../abort.ts";
import type { AcceptHeaders, Exposition } from "../exposition/expose.ts";
import { prepare, type ScrapeParts } from "./answer.ts";
import { startDeadline, startSending } from "./deadline.ts";
import type { Sending } from "./exchange.ts";
import { explainFailure } from "./failure.ts";

/**
 * Makes one exposition for a caller that handles failures itself: they are neither counted nor logged.
 *
 * @throws What failed: a `GatherError`, a `ScrapeTimeoutError`, or what the encoding threw.
 */
export async function expose(
  parts: ScrapeParts,
  wanted: AcceptHeaders,
): Promise<Exposition & Sending> {
  const { accept, acceptEncoding } = wanted;
  const request = { ...WHOLE, accept, acceptEncoding, signal: new LightSignal() };
  const deadline = startDeadline(parts.options.timeoutMs, request.signal, parts.alarm);
  try {
    const { headers, body } = await prepare(parts, request, deadline);
    return { headers, body, ...startSending(deadline) };
  } catch (thrown) {
    const failure = explainFailure(thrown, deadline.signal);
    deadline.clear();
    throw failure === undefined ? thrown : failure.error;
  }
}

const WHOLE = { isHead: false, query: "", timeoutSeconds: undefined };
