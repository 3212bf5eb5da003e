#!/usr/bin/env node
/**
 * The program `promhttp`: an exporter without a web server.
 *
 * ```sh
 * npx promhttp ./my-exporter.mjs
 * ```
 *
 * @module
 */
import { runProgram } from "./programs/cli/program.ts";

await runProgram(process.argv.slice(2));
