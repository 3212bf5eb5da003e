import { execFile } from "node:child_process";
import type { ProgramLog } from "./log.ts";

/** Tells systemd what the program does, where systemd asks for it. Nothing here ever throws. */
export interface Notifier {
  /** All addresses listen. From now on it says that the program is alive, if the unit has a watchdog. */
  ready(): void;
  /** The program is about to end. */
  stopping(): void;
}

/** Below this, a process for each sign of life costs more than the program. */
const MIN_WATCHDOG_MS = 10_000;

const TIMEOUT_MS = 5_000;

/**
 * Makes what speaks to systemd by sd_notify(3).
 *
 * That is a datagram to a unix socket, which Node cannot send, so systemd's own program does:
 * `systemd-notify`, a process for each message. If it is not root, its messages count only with
 * `NotifyAccess=all` in the unit.
 *
 * @param env Has `NOTIFY_SOCKET` where systemd waits for messages, and `WATCHDOG_USEC` where it wants signs of
 *   life.
 */
export function openNotifier(
  env: Readonly<Record<string, string | undefined>>,
  log: ProgramLog,
): Notifier {
  if (!env["NOTIFY_SOCKET"]) return { ready() {}, stopping() {} };
  let hasFailed = false;
  const tell = (message: string) => {
    const args = ["--no-block", `--pid=${process.pid}`, message];
    execFile("systemd-notify", args, { timeout: TIMEOUT_MS }, (error) => {
      if (error === null || hasFailed) return;
      hasFailed = true;
      log.warn("Cannot notify systemd", { notification: message, err: error.message.trim() });
    });
  };
  return {
    ready() {
      tell("READY=1");
      const watchdogMs = watchdogIn(env);
      if (watchdogMs === undefined) return;
      if (watchdogMs / 2 < MIN_WATCHDOG_MS) {
        const leastSeconds = `${(MIN_WATCHDOG_MS * 2) / 1_000}`;
        log.warn("The watchdog of systemd is expensive: raise WatchdogSec", { leastSeconds });
      }
      // As sd_watchdog_enabled(3) advises. A timer fires only while the event loop turns.
      setInterval(() => tell("WATCHDOG=1"), watchdogMs / 2).unref();
    },
    stopping: () => tell("STOPPING=1"),
  };
}

/** How long systemd waits for a sign of life of this process, in milliseconds; `undefined` if it does not. */
function watchdogIn({
  WATCHDOG_USEC: microseconds = "",
  WATCHDOG_PID: pid,
}: Readonly<Record<string, string | undefined>>): number | undefined {
  if (!/^[1-9]\d*$/.test(microseconds) || (pid && pid !== `${process.pid}`)) return undefined;
  // What a timer of Node can wait.
  return Math.min(Number(microseconds) / 1_000, 2 ** 31 - 1);
}
