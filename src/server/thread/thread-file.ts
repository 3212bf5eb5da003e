/** The file that the thread of a server runs. The build puts it beside all others. */
export const THREAD_FILE: URL = new URL("../../../dist/thread.js", import.meta.url);
