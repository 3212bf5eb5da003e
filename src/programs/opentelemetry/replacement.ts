import { RestartableServer } from "../../exporter/restartable-server.ts";
import type { Collecting } from "../../gatherers/opentelemetry/collected.ts";
import type { TranslationStrategy } from "../../gatherers/opentelemetry/mapping-options.ts";
import { messageOf } from "../standard-error.ts";
import type { Answer } from "./serve.ts";
import { isGuarded, originalSettingsOf } from "./settings.ts";
import { type ExporterMethods, refuse } from "./take-over.ts";

/** What all exporters of one file have in common. */
export interface ReplacementParts {
  /** The version of the exporter, for messages. */
  readonly version: string;
  /** Reads how names are translated; `undefined` keeps those of the exporter. */
  readonly strategy: () => TranslationStrategy | undefined;
  /** Writes a line for the operator. */
  readonly say: (line: string) => void;
  /** What gave the modules of Node before OpenTelemetry was loaded. */
  readonly getBuiltinModule: NodeJS.Process["getBuiltinModule"];
}

/**
 * Makes the methods that serve an exporter's metrics in its place. Our server is loaded when the first of
 * them is called.
 *
 * @param own The exporter's own methods, which serve where ours cannot.
 */
export function replace(
  exporter: object,
  own: ExporterMethods,
  { version, strategy, say, getBuiltinModule }: ReplacementParts,
): ExporterMethods {
  // Cast: the SDK collects from it, too.
  const source = exporter as Collecting;
  const load = async () => {
    const { answerFor, serve, takeModulesFrom } = await import("./serve.ts");
    takeModulesFrom(getBuiltinModule);
    return { answerFor, serve };
  };
  const server = new RestartableServer(async () => {
    const { serve } = await load();
    return serve(source, () => originalSettingsOf(exporter, strategy()), { own, version, say });
  });
  let answering: Promise<Answer> | undefined;
  return {
    startServer: () => server.start(),
    stopServer: () => server.stop(),
    getMetricsRequestHandler(request, response) {
      if (answering === undefined) {
        answering = load().then(({ answerFor }) =>
          answerFor(source, originalSettingsOf(exporter, strategy())),
        );
        answering.catch((error) => {
          if (isGuarded(process.env)) say(`Cannot serve metrics: ${messageOf(error)}`);
        });
      }
      answering.then(
        (answer) => answer(request, response),
        () => {
          if (isGuarded(process.env)) refuse(response);
          else own.getMetricsRequestHandler(request, response);
        },
      );
    },
  };
}
