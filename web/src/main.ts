import "./style.css";
import { Calls } from "./calls";
import { loadConfig, readOptions, type Config, type Options } from "./config";
import { byId, el } from "./dom";
import { Ledger } from "./ledger";
import { Session, type SessionState } from "./session";
import { Shop } from "./shop";

async function start(): Promise<void> {
  const config = await loadConfig();
  const options = readOptions(new URLSearchParams(location.search), config);
  fillForm(options, config);
  const session = new Session(config, options, showState);
  byId("retry").addEventListener("click", () => session.startSts());
  const ledger = new Ledger(options.logstore);
  new Shop(session, ledger);
  new Calls(session, ledger, `${config.functionsUrl}/logstores/${options.logstore}`, options.topic);
  byId("destination").textContent = destination(options, config);
  document.body.dataset["ready"] = "true";
}

function fillForm(options: Options, config: Config): void {
  const form = byId<HTMLFormElement>("options");
  const names = new Set([...config.logstores, options.logstore]);
  byId<HTMLSelectElement>("logstore").replaceChildren(
    ...[...names].map((name) => el("option", { value: name }, name)),
  );
  for (const [name, value] of Object.entries({ ...options, tags: JSON.stringify(options.tags) })) {
    const field = form.elements.namedItem(name);
    if (field instanceof RadioNodeList) field.value = String(value);
    else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
      field.value = String(value);
  }
  for (const radio of form.querySelectorAll<HTMLInputElement>("input[name=mode]")) {
    radio.addEventListener("change", () => form.requestSubmit());
  }
}

function destination(options: Options, config: Config): string {
  return options.mode === "sts"
    ? `straight to Simple Log Service at ${config.slsUrl}, signed with a token from ${config.functionsUrl}/get_sts_token`
    : `to the track function at ${config.functionsUrl}, which signs and forwards`;
}

function showState(state: SessionState): void {
  const status = byId("status");
  status.dataset["kind"] = state.kind;
  status.textContent = describeState(state);
  byId("retry").hidden = !(state.kind === "failed" && !state.hasCredential);
}

function describeState(state: SessionState): string {
  switch (state.kind) {
    case "anonymous":
      return "No credential needed.";
    case "waiting":
      return "Waiting for the first credential; what you send meanwhile waits too.";
    case "ready":
      return `Credential fetched at ${state.refreshed.toLocaleTimeString()}; the next send after five minutes renews it.`;
    case "failed":
      return `The credential could not be ${state.hasCredential ? "renewed; the old one stays in use" : "fetched"}: ${state.reason}`;
  }
}

start().catch((error: unknown) => {
  byId("status").dataset["kind"] = "failed";
  byId("status").textContent = `The page could not start: ${String(error)}`;
});
