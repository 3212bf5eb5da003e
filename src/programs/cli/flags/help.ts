import { VERSION } from "../../../version.ts";

/** The output of `--help`. */
export const HELP: string = `usage: promhttp [<flags>] [<module> [<flags of the module>]]

Serves the metrics of an exporter to Prometheus. An exporter is a module that exports a registry or a probe.


Flags:
  -h, --help                     Show this help.
      --version                  Show the version.
      --init[=js|ts] [<folder>]  Write an exporter to start from, with its test and its Dockerfile, and
                                 overwrite nothing. TypeScript where there is a tsconfig.json.
      --web.listen-address=":9464" ...
                                 Address on which to expose metrics: ":9464", "[::1]:9464",
                                 "unix:/run/app.sock". Repeatable for several addresses.
      --web.systemd-socket       Use the sockets that systemd passes, instead of an address.
      --web.telemetry-path="/metrics"
                                 Path under which to expose metrics.
      --web.max-requests=16      Maximum number of scrapes at once. Use 0 to disable.
      --web.max-header-bytes=16384
                                 Maximum size of the headers of a request. A browser sends
                                 the cookies of every port of a host.
      --web.disable-exporter-metrics
                                 Exclude metrics about the exporter itself (promhttp_*).
      --web.shutdown-delay=0s    How long to keep answering after a signal, with /-/ready saying 503,
                                 before the port closes. A second signal ends it.
      --web.config.file=""       Path of a configuration file with TLS, users, headers and a rate limit,
                                 as the official exporters have it. It is read again when it changes,
                                 and on SIGHUP.
      --web.config.check         Check the files that other flags name, and exit with 0 or 1.
      --web.bearer-token-file=PATH
                                 File with a bearer token in each line, any of which lets a client in.
      --web.allowed-networks=NETWORK ...
                                 Networks that clients may be in: "10.0.0.0/8,::1". Repeatable.
      --web.open-health=without-credentials
                                 Who gets /-/healthy and /-/ready. One of: [never,
                                 without-credentials, without-certificate]
      --web.health-listen-address=ADDRESS
                                 Another address, without TLS or credentials, that answers only
                                 /-/healthy and /-/ready.
      --web.socket-mode=0660     Permissions of unix sockets.
      --web.socket-group=GROUP   Name or id of the group of unix sockets.
      --web.thread               Serve each address in a thread of its own, which answers with the last
                                 metrics while the event loop of the exporter is stuck.
      --log.level=info           Only log messages with the given severity or above. One of:
                                 [debug, info, warn, error]
      --log.format=logfmt        Output format of log messages. One of: [logfmt, json]

Args:
  [<module>]  The module, as a path or the name of a package. It exports what is served, or a function
              that returns it or a promise of it:
                default, registry  a registry of prom-client or @prometheus-io/client, a gatherer,
                                   an array of them, or an object of them by their names
                probe              a probe, served at /probe
                probes, paths      more of both, by their paths
                flags              flags of its own: promhttp <module> --help
                onScrape, close    called before each scrape, and when all scrapes have ended
              The default function may return an object with all of these, except flags. Without a
              module or a registry, the metrics of this process are served.
`;

/** The output of `--version`. */
export function versionLine(): string {
  return `promhttp, version ${VERSION} (node ${process.version}, ${process.platform}/${process.arch})`;
}
