/** The header with which track reports that a batch is in the spool. */
export const SPOOLED = "x-log-spooled";

/** A request of the SDK. The SDK does not expose it: the page observes requests without changing them. */
export interface Upload {
  transport: "beacon" | "XHR";
  url: string;
  body: string;
  /** The answer; for a beacon only whether the browser accepted it, because a page cannot know more. */
  answer: Promise<Answer>;
}

export interface Answer {
  ok: boolean | undefined; // undefined: unknown
  spooled?: boolean; // SLS did not accept it, it is in the spool
  text: string;
}

/** Calls `listener` for each further upload to a Logstore. */
export function observeUploads(listener: (upload: Upload) => void): void {
  observeBeacons(listener);
  observeXhr(listener);
}

function observeBeacons(listener: (upload: Upload) => void): void {
  navigator.sendBeacon = new Proxy(navigator.sendBeacon.bind(navigator), {
    apply(send, self, [url, body]: [string | URL, BodyInit?]) {
      const queued: boolean = Reflect.apply(send, self, [url, body]);
      const answer = queued
        ? { ok: undefined, text: "taken by the browser, which shows no page how a beacon is answered" }
        : { ok: false, text: "the browser would not queue it; the SDK sends it by XHR instead" };
      report(listener, "beacon", url, body, Promise.resolve(answer));
      return queued;
    },
  });
}

function observeXhr(listener: (upload: Upload) => void): void {
  const addresses = new WeakMap<XMLHttpRequest, string | URL>();
  XMLHttpRequest.prototype.open = new Proxy(XMLHttpRequest.prototype.open, {
    apply(open, xhr: XMLHttpRequest, args: [string, string | URL]) {
      addresses.set(xhr, args[1]);
      return Reflect.apply(open, xhr, args);
    },
  });
  XMLHttpRequest.prototype.send = new Proxy(XMLHttpRequest.prototype.send, {
    apply(send, xhr: XMLHttpRequest, args: [unknown?]) {
      const answer = new Promise<Answer>((resolve) => {
        xhr.addEventListener("loadend", () => resolve(readXhr(xhr)), { once: true });
      });
      report(listener, "XHR", addresses.get(xhr) ?? "", args[0], answer);
      return Reflect.apply(send, xhr, args);
    },
  });
}

function report(
  listener: (upload: Upload) => void,
  transport: Upload["transport"],
  url: string | URL,
  body: unknown,
  answer: Promise<Answer>,
): void {
  if (typeof body === "string" && String(url).includes("/logstores/")) {
    listener({ transport, url: String(url), body, answer });
  }
}

function readXhr(xhr: XMLHttpRequest): Answer {
  if (xhr.status === 0) return { ok: false, text: "no answer that the browser lets the page see" };
  return describeAnswer(xhr.status, xhr.responseText, xhr.getResponseHeader(SPOOLED));
}

/** A status and, for a refusal, the body with the reason; `spooled` is the answer's header of this name. */
export function describeAnswer(status: number, body: string, spooled: string | null): Answer {
  if (status === 200 && spooled === "1") return { ok: true, spooled: true, text: "200, into the spool: SLS takes nothing" };
  return { ok: status === 200, text: status === 200 ? "200" : `${status} ${body}`.trim() };
}
