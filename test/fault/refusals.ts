import type { RawResponse } from "../helpers/http/parse-response.ts";
import type { ClientOptions, TransportServer } from "./transports.ts";

/** How many connections the server has refused, by those reasons for which it has. */
export async function refusals(
  { request }: Pick<TransportServer, "request">,
  client?: ClientOptions,
): Promise<Readonly<Record<string, number>>> {
  return refusalsIn(await request({ path: "/metrics", ...client }));
}

function refusalsIn({ body }: RawResponse): Record<string, number> {
  const series = body.matchAll(/^promhttp_refused_connections_total\{reason="(\w+)"\} (\d+)$/gm);
  const counts = Array.from(series, ([, reason = "", count]) => [reason, Number(count)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
