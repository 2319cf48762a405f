import createStsPlugin from "@aliyun-sls/web-sts-plugin";
import SlsTracker from "@aliyun-sls/web-track-browser";

type TrackerOptions = ConstructorParameters<typeof SlsTracker>[0];

const REFRESH_INTERVAL = 300_000; // ms; the plugin checks the age of its last refresh, never Expiration
const RETRY_AFTER_FAILURE = 30_000; // ms; the plugin itself would wait another REFRESH_INTERVAL
const TOKEN_TIMEOUT = 10_000; // ms

/**
 * Resolves when the first credential is available: an earlier log would be sent unsigned and lost.
 * Rejects if that first refresh fails. `onRefresh` is called for every refresh, with the error if it failed.
 */
export async function createStsTracker(
  options: TrackerOptions,
  tokenUrl: string,
  onRefresh: (error?: Error) => void = () => {},
): Promise<SlsTracker> {
  const sts = {
    accessKeyId: "", // must be '': undefined stops the tracker after ten sends
    accessKeySecret: "",
    securityToken: "",
    refreshSTSTokenInterval: REFRESH_INTERVAL,
    stsTokenFreshTime: 0, // ms since the epoch, of the last refresh
    // The plugin ignores the return value: this must change `sts`.
    refreshSTSToken: async () => {
      try {
        Object.assign(sts, await fetchCredential(tokenUrl));
        onRefresh();
      } catch (error) {
        sts.stsTokenFreshTime = Date.now() - REFRESH_INTERVAL + RETRY_AFTER_FAILURE;
        onRefresh(error as Error);
        throw error;
      }
    },
  };
  await sts.refreshSTSToken();
  sts.stsTokenFreshTime = Date.now(); // so that the plugin does not fetch another one for the first log
  const tracker = new SlsTracker(options);
  tracker.useStsPlugin(createStsPlugin(sts));
  return tracker;
}

async function fetchCredential(tokenUrl: string) {
  const answer = await fetch(tokenUrl, { cache: "no-store", signal: AbortSignal.timeout(TOKEN_TIMEOUT) });
  if (!answer.ok) throw new Error(`the token function answered ${answer.status}: ${await answer.text()}`);
  const { AccessKeyId, AccessKeySecret, SecurityToken } = await answer.json();
  // An incomplete credential must not replace a valid one.
  if (!AccessKeyId || !AccessKeySecret || !SecurityToken) throw new Error("the answer holds no credential");
  return { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken };
}
