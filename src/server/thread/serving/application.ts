import type { Application } from "../../../endpoint/endpoint.ts";
import { type FixedAnswer, HEALTHY } from "../../../http/fixed-answers.ts";
import { createListJoiner } from "../../../model/identity.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import { counter, gauge } from "../../../scrape/self-metrics.ts";
import type { UpdateLock } from "../../../scrape/update-lock.ts";
import { uptimeSeconds } from "../environment.ts";
import { BEAT_MS, type Heartbeat } from "../heartbeat.ts";
import type { ThreadStart } from "../messages.ts";
import type { ApplicationGatherer } from "./application-gatherer.ts";
import { isStuck } from "./patience.ts";

/** Less is no more than a beat that came a little late, in seconds. */
const MIN_STUCK_SECONDS = 0.05;

/** The answer of `/-/healthy` while the event loop of the application is stuck. */
const STUCK: FixedAnswer = {
  status: 503,
  text: "The event loop of the application is stuck.\n",
};

/**
 * Tells how the application does, from its thread's own point of view.
 *
 * @param gatherers By their paths.
 */
export function createApplication(
  { thread, restarts, process: reading, options }: ThreadStart,
  heartbeat: Heartbeat,
  gatherers: ReadonlyMap<string, Pick<ApplicationGatherer, "ageSeconds">>,
  lock: UpdateLock,
): Application {
  const stuckSeconds = () => {
    const seconds = (heartbeat.ageMs() - BEAT_MS) / 1_000;
    return seconds < MIN_STUCK_SECONDS ? 0 : seconds;
  };
  const ageAt = (path: string) => gatherers.get(path)?.ageSeconds ?? 0;
  const shared = [
    gauge(
      "promhttp_event_loop_stuck_seconds",
      "How long the event loop of the application has been stuck; 0 while it turns.",
      stuckSeconds,
    ),
    counter(
      "promhttp_thread_restarts_total",
      "How often the thread of the server was started anew.",
      [{ identity: "restarts", labels: {}, value: restarts }],
    ),
  ];
  return {
    lock,
    familiesAt(path, others = () => NONE) {
      const age = gauge(
        "promhttp_snapshot_age_seconds",
        "How old the metrics of the application are; 0 unless they are served because it is stuck.",
        () => ageAt(path),
      );
      const own = [age, ...shared];
      const join = createListJoiner<MetricFamily>();
      return () => join(others(), own);
    },
    health: () =>
      thread.stuckAfterMs > 0 && stuckSeconds() * 1_000 > thread.stuckAfterMs ? STUCK : HEALTHY,
    get process() {
      return { ...reading, uptimeSeconds: uptimeSeconds() };
    },
    isStuck: () => isStuck(heartbeat),
    state: () => ({ stuckSeconds: stuckSeconds(), ageSeconds: ageAt(options.path) }),
  };
}

const NONE: readonly never[] = [];
