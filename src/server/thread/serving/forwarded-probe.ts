import type { Log } from "../../../log.ts";
import type { ResolvedOptions } from "../../../options/options.ts";
import { Alarm } from "../../../scrape/alarm.ts";
import { scraperTimeoutMs, startDeadline, startSending } from "../../../scrape/deadline.ts";
import type { Scrape, ScrapeRequest } from "../../../scrape/exchange.ts";
import { type TextAnswer, textResponse } from "../../../scrape/failure.ts";
import type { FromApplication, SentRequest } from "../messages.ts";
import type { Conversation } from "./conversation.ts";
import { replyInTime } from "./patience.ts";

type Probed = Extract<FromApplication, { readonly type: "probed" }>;

const STUCK: TextAnswer = {
  status: 503,
  text: "The event loop of the application is stuck.\n",
  headers: { "Retry-After": "1" },
};

const FAILED: TextAnswer = { status: 500, text: "The probe failed. See the process log.\n" };

/** Makes what answers requests for a probe, which the application runs. The rules of `Scrape` hold. */
export function forwardProbe(
  path: string,
  conversation: Conversation,
  { options, log }: { readonly options: Pick<ResolvedOptions, "timeoutMs">; readonly log: Log },
): Scrape {
  const alarm = new Alarm();
  return async (request) => {
    const { signal: client, timeoutSeconds } = request;
    const refuse = (answer: TextAnswer) => textResponse(answer, client, { alarm, log }, () => {});
    const limitMs = scraperTimeoutMs(timeoutSeconds, options.timeoutMs);
    try {
      const question = conversation.ask<Probed>({ type: "probe", path, request: sent(request) });
      const bounds = { signal: client, deadlineMs: Date.now() + limitMs };
      const probed = await replyInTime(question, conversation, { ...bounds, hasLast: () => true });
      if (probed === undefined) {
        conversation.drop(question, false);
        return refuse(STUCK);
      }
      if (probed.response === undefined) return undefined;
      const deadline = startDeadline(limitMs, client, alarm);
      return { ...probed.response, ...startSending(deadline) };
    } catch (error) {
      if (client.aborted) return undefined;
      log.error(`${path}: Cannot let the application answer`, error);
      return refuse(FAILED);
    }
  };
}

/** What of a request can be sent to another thread. */
function sent(request: ScrapeRequest): SentRequest {
  const { signal: _signal, client: _client, ...others } = request;
  return others;
}
