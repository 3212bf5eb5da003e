// The metrics at /metrics, in a Nuxt or Nitro application.
import { register } from "prom-client";
import { createHandler } from "promhttp";
import "../utils/metrics.js";

export default fromNodeMiddleware(createHandler(register));
