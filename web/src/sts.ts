import createStsPlugin from "@aliyun-sls/web-sts-plugin";
import SlsTracker from "@aliyun-sls/web-track-browser";

type TrackerOptions = ConstructorParameters<typeof SlsTracker>[0];

const REFRESH_INTERVAL = 300_000; // ms; the plugin looks at the age of its last refresh, never at Expiration
const RETRY_AFTER_FAILURE = 30_000; // ms; the plugin by itself would wait another REFRESH_INTERVAL
const TOKEN_TIMEOUT = 10_000; // ms

/**
 * Resolves once the first credential is there: a log sent before would go out unsigned and be lost.
 * Rejects if that first refresh fails. Every refresh is told to `onRefresh`, with the error of a failed one.
 */
export async function createStsTracker(
  options: TrackerOptions,
  tokenUrl: string,
  onRefresh: (error?: Error) => void = () => {},
): Promise<SlsTracker> {
  const sts = {
    accessKeyId: "", // '' and not undefined, which would stop the tracker after ten sends
    accessKeySecret: "",
    securityToken: "",
    refreshSTSTokenInterval: REFRESH_INTERVAL,
    stsTokenFreshTime: 0, // ms since the epoch, of the last refresh
    // The plugin ignores what this returns: it has to change `sts` itself.
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
  sts.stsTokenFreshTime = Date.now(); // the plugin need not fetch another one for the first log
  const tracker = new SlsTracker(options);
  tracker.useStsPlugin(createStsPlugin(sts));
  return tracker;
}

async function fetchCredential(tokenUrl: string) {
  const answer = await fetch(tokenUrl, { cache: "no-store", signal: AbortSignal.timeout(TOKEN_TIMEOUT) });
  if (!answer.ok) throw new Error(`the token function answered ${answer.status}: ${await answer.text()}`);
  const { AccessKeyId, AccessKeySecret, SecurityToken } = await answer.json();
  // Half a credential must not replace a good one.
  if (!AccessKeyId || !AccessKeySecret || !SecurityToken) throw new Error("the answer holds no credential");
  return { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken };
}
