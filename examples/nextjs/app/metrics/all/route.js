// The metrics of all processes at /metrics/all, whichever is asked.
import { metrics } from "../../../workers.js";

export const GET = metrics.fetch;
