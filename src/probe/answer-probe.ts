import { isInstance } from "../errors.ts";
import { startDeadline, startSending } from "../scrape/deadline.ts";
import type { ScrapeRequest, ScrapeResponse } from "../scrape/exchange.ts";
import {
  FAILURE_TIMEOUT_MS,
  QueryError,
  type TextAnswer,
  textResponse,
} from "../scrape/failure.ts";
import { type AnswerParts, answerRun, PROBE_FAILED } from "./answer-run.ts";
import { type Ask, labelOf, readAsk } from "./ask.ts";

// Fixed texts: what a function of the user throws may hold secrets, and belongs only in the log.
const NOT_ALLOWED: TextAnswer = {
  status: 403,
  text: "This target is not allowed. Loopback, link-local and metadata addresses must be listed.\n",
};

const FAILING: TextAnswer = {
  status: 500,
  text: "The application has declared that its metrics cannot be trusted.\n",
};

const BUSY: TextAnswer = {
  status: 503,
  text: "Too many probes at once. Try again in a moment.\n",
  headers: { "Retry-After": "1" },
};

/** How many requests may be in flight at once. */
const DEFAULT_IN_FLIGHT = 256;

/**
 * Answers one request for a probe; the rules of `Scrape` hold.
 *
 * What cannot be run is refused here, and takes no slot: otherwise clients that read slowly would lock
 * others out.
 */
export async function answerProbe(
  parts: AnswerParts,
  request: ScrapeRequest,
): Promise<ScrapeResponse | undefined> {
  const { probe, policy, status, counts, log } = parts;
  let ask: Ask | undefined;
  try {
    ask = readAsk(request.query, probe);
    if (!policy.isAllowed(ask.target)) return refuse(parts, request, NOT_ALLOWED, ask);
  } catch (thrown) {
    if (isInstance(thrown, QueryError)) {
      return refuse(parts, request, { status: 400, text: `${thrown.message}.\n` }, ask);
    }
    log.error("Cannot tell whether a target is allowed; its probes are answered with 500", thrown);
    return refuse(parts, request, PROBE_FAILED, ask);
  }
  if (status.isFailing) return refuse(parts, request, FAILING, ask);
  if (request.isHead) return answerHead(parts, request);
  if (counts.inFlight < (probe.maxInFlight ?? DEFAULT_IN_FLIGHT)) {
    return answerRun(parts, request, ask);
  }
  return refuse(parts, request, BUSY, ask);
}

function refuse(
  parts: AnswerParts,
  { signal }: ScrapeRequest,
  answer: TextAnswer,
  ask: Ask | undefined,
): ScrapeResponse {
  parts.counts.count("refused", ask && labelOf(ask));
  return textResponse(answer, signal, parts, () => {});
}

/** A target is asked only for what its answer says. */
function answerHead({ exposer, alarm }: AnswerParts, request: ScrapeRequest): ScrapeResponse {
  const deadline = startDeadline(FAILURE_TIMEOUT_MS, request.signal, alarm);
  return { status: 200, ...exposer.headersOnly(request), ...startSending(deadline) };
}
