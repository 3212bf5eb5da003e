// The metrics at /metrics, with the app router.
import { createHandler } from "promhttp";
import { reader } from "../../reader.js";

export const GET = createHandler(reader, { errorHandling: "continue" }).fetch;
