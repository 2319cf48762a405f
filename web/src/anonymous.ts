import SlsTracker from "@aliyun-sls/web-track-browser";
import type { Options } from "./config";

/** Anonymous mode: the page needs no key. `host` is the track function's address, scheme included. */
export function createAnonymousTracker(host: string, project: string, options: Options): SlsTracker {
  const { logstore, time, count, topic, source, tags } = options;
  return new SlsTracker({ host, project, logstore, time, count, topic, source, tags });
}
