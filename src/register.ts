/**
 * The entry `promhttp/register`: serves the metrics of any application without a line of code.
 *
 * ```sh
 * node --import promhttp/register app.js
 * ```
 *
 * @module
 */
import { preload } from "./programs/preload/preload.ts";

preload();
