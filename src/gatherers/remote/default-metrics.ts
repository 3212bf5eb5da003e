/**
 * The default metrics of the client libraries, by their names: nothing else tells them from those of an
 * application.
 */

/** What they say of the process; each of its threads says the same. */
const PROCESS_WIDE: ReadonlySet<string> = new Set([
  "process_cpu_user_seconds_total",
  "process_cpu_system_seconds_total",
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "process_virtual_memory_bytes",
  "process_heap_bytes",
  "process_open_fds",
  "process_max_fds",
  "process_start_time_seconds",
  "nodejs_version_info",
]);

/** What they say of the event loop and the heap: each thread has its own. */
const PER_THREAD: ReadonlySet<string> = new Set([
  "nodejs_active_handles",
  "nodejs_active_handles_total",
  "nodejs_active_requests",
  "nodejs_active_requests_total",
  "nodejs_active_resources",
  "nodejs_active_resources_total",
  "nodejs_eventloop_lag_max_seconds",
  "nodejs_eventloop_lag_mean_seconds",
  "nodejs_eventloop_lag_min_seconds",
  "nodejs_eventloop_lag_p50_seconds",
  "nodejs_eventloop_lag_p90_seconds",
  "nodejs_eventloop_lag_p99_seconds",
  "nodejs_eventloop_lag_seconds",
  "nodejs_eventloop_lag_stddev_seconds",
  "nodejs_eventloop_utilization",
  "nodejs_eventloop_utilization_histogram",
  "nodejs_eventloop_utilization_summary",
  "nodejs_external_memory_bytes",
  "nodejs_gc_duration_seconds",
  "nodejs_heap_size_total_bytes",
  "nodejs_heap_size_used_bytes",
  "nodejs_heap_space_size_available_bytes",
  "nodejs_heap_space_size_total_bytes",
  "nodejs_heap_space_size_used_bytes",
]);

/** Whether a name is that of a default metric, with any prefix that `collectDefaultMetrics()` was given. */
export function isDefaultMetric(name: string): boolean {
  const known = withoutPrefix(name);
  return /^(?:process|nodejs)_/.test(name) || PER_THREAD.has(known) || PROCESS_WIDE.has(known);
}

/** Whether a default metric is the same in all threads of a process. */
export function isProcessWide(name: string): boolean {
  return PROCESS_WIDE.has(withoutPrefix(name));
}

/** A prefix may be anything, such as `my_process_`: the name is what follows its last such word. */
function withoutPrefix(name: string): string {
  const at = Math.max(name.lastIndexOf("process_"), name.lastIndexOf("nodejs_"));
  return at <= 0 ? name : name.slice(at);
}
