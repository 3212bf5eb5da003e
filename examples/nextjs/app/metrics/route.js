// The metrics at /metrics, with the app router.
import { register } from "prom-client";
import { createHandler } from "promhttp";
import "../../metrics.js";

export const GET = createHandler(register).fetch;
