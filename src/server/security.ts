/**
 * Who may connect to a server, and who may ask, as options and files say it.
 *
 * `web-config.ts` reads a file as the official exporters have it, `tls.ts` speaks TLS, `http/access.ts`
 * judges credentials. `security/settings.ts` makes one whole of them. All files are checked when somebody
 * comes, at most once a second; what has changed is swapped at once, or not at all, and never so that it lets
 * more people in (`security/doors.ts`). It is loaded only where an option asks for it.
 */

import { CERTIFICATE_NOT_ACCEPTED } from "../http/access/answers.ts";
import type { Guard } from "../http/access/guard.ts";
import { Reloader } from "../http/access/reloader.ts";
import { createAccess, createWarner } from "../http/access.ts";
import { resetSocket } from "../http/reset.ts";
import type { Log } from "../log.ts";
import { andThen } from "../maybe-promise.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { ResolvedOptions } from "../options/options.ts";
import { gauge } from "../scrape/self-metrics.ts";
import type { Layer } from "./listen/layer.ts";
import { openedDoor } from "./security/doors.ts";
import { Entrance } from "./security/entrance.ts";
import { createLoad, type Settings, type SettingsParts } from "./security/settings.ts";
import { RefusedConnections } from "./tls/refused-connections.ts";
import type { TlsLayer } from "./tls.ts";

/** What stands between the clients of a server and its answers. */
export interface Security {
  readonly isTls: boolean;
  readonly layer: Layer;
  readonly guard: Guard;
  /** What it counts; always the same list. */
  families(): readonly MetricFamily[];
  /** Reads all files again. It never rejects: what cannot be honoured is logged, and the last good one stays. */
  reload(): Promise<void>;
  /** Abandons what is under way. */
  close(): void;
}

/** What a server's security is made of. */
export interface SecurityParts extends SettingsParts {
  readonly log: Log;
}

/**
 * Reads all files and makes the security of a server.
 *
 * @throws {ConfigError} When a file cannot be read, understood or honoured.
 * @throws {TypeError} When options contradict each other.
 * @throws {RangeError} When a value of an option cannot be honoured.
 */
export async function openSecurity(parts: SecurityParts): Promise<Security> {
  const { log, options } = parts;
  // What a proxy says of its client comes with the request.
  const allowedNetworks = options.allowedNetworks?.concat(options.trustedProxies ?? []);
  const reloader: Reloader<Settings> = await Reloader.open(await createLoad(parts), {
    log,
    subject: "the security settings",
    // TLS that a reload has added is not spoken, so another may take it away.
    refuse: (previous, next) =>
      openedDoor(tlsLayer ? previous : { ...previous, tls: undefined }, next),
    onLoaded: (next) => use(next),
  });
  const arrived = () => reloader.arrived();
  const refused = new RefusedConnections(log);
  const { tls, policy } = reloader.current;
  const tlsLayer = tls && (await createTlsLayer(refused, options));
  const entrance = new Entrance({ log, refused, tlsLayer, allowedNetworks, arrived });
  const access = createAccess(policy, {
    log,
    locksOut: true,
    ...(tlsLayer && { certificateOf: (socket) => tlsLayer.certificateOf(socket) }),
  });
  const warn = createWarner(log);
  const use = (next: Settings) => {
    if (next.tls !== undefined) entrance.use(next.tls);
    access.use(next.policy);
    warn(next.tls && !tlsLayer ? [...next.warnings, TLS_NEEDS_A_RESTART] : next.warnings);
  };
  use(reloader.current);

  const families = [...access.families(), ...refused.families, ...familiesOf(reloader)];
  return {
    isTls: tls !== undefined,
    layer: entrance,
    guard: guardOf(access, arrived, tlsLayer),
    families: () => families,
    reload: () => reloader.reload(),
    close() {
      reloader.close();
      access.close();
    },
  };
}

const TLS_NEEDS_A_RESTART = "TLS is not turned on by a reload; restart to do that";

async function createTlsLayer(
  refused: RefusedConnections,
  { headersTimeoutMs, openHealth }: ResolvedOptions,
): Promise<TlsLayer> {
  const { TlsLayer } = await import("./tls.ts");
  return new TlsLayer({ refused, headersTimeoutMs, openHealth });
}

/** Makes what looks whether a file has changed before it lets anybody ask. */
function guardOf(
  access: Guard,
  arrived: Reloader<unknown>["arrived"],
  tlsLayer: TlsLayer | undefined,
): Guard {
  return {
    get headers() {
      return access.headers;
    },
    admit: (visit) =>
      andThen(arrived(), () => {
        const stream = visit.request?.socket;
        if (stream === undefined || !tlsLayer?.isStale(stream)) return access.admit(visit);
        // Without an answer a scraper connects again at once, and is judged anew.
        resetSocket(stream);
        return CERTIFICATE_NOT_ACCEPTED;
      }),
    hostRefused: () => access.hostRefused(),
  };
}

function familiesOf(reloader: Reloader<Settings>): readonly MetricFamily[] {
  const expiry = gauge(
    "promhttp_tls_certificate_not_after_timestamp_seconds",
    "When the certificate of the server expires, in seconds since 1970.",
    () => Number(reloader.current.tls?.notAfter) / 1_000,
  );
  return [
    ...(reloader.current.tls === undefined ? [] : [expiry]),
    gauge(
      "promhttp_web_config_last_reload_successful",
      "Whether the files that say who may connect and ask were good when they were read last.",
      () => Number(reloader.isSuccessful),
    ),
    gauge(
      "promhttp_web_config_last_reload_success_timestamp_seconds",
      "When the files that say who may connect and ask were good last, in seconds since 1970.",
      () => reloader.lastSuccessSeconds,
    ),
  ];
}
