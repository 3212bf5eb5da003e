// The metrics at /api/metrics, with the pages router.
import { register } from "prom-client";
import { createHandler } from "promhttp";
import "../../metrics.js";

export default createHandler(register);
