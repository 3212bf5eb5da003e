// A route that counts its visits.
import { visits } from "../utils/metrics.js";

export default defineEventHandler(() => {
  visits.inc();
  return "Hello!";
});
