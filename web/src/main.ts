import "./style.css";
import { Calls } from "./calls";
import { loadConfig, readOptions, type Config, type Options } from "./config";
import { byId, el } from "./dom";
import { Ledger } from "./ledger";
import { Session, type SessionState } from "./session";
import { Shop } from "./shop";
import { describeTicket, type Ticket } from "./ticket";

async function start(): Promise<void> {
  const config = await loadConfig();
  const options = readOptions(new URLSearchParams(location.search), config);
  fillForm(options, config);
  const session = new Session(config, options, showState);
  byId("retry").addEventListener("click", () => session.start());
  const ledger = new Ledger(options.logstore, () => session.refusal);
  new Shop(session, ledger);
  new Calls(session, ledger, options);
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
  for (const radio of form.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
    radio.addEventListener("change", () => form.requestSubmit());
  }
  byId("mode-ticket").hidden = !config.guardedUrl;
  const choice = byId<HTMLFieldSetElement>("ticket-choice");
  choice.hidden = choice.disabled = options.mode !== "ticket";
}

function destination(options: Options, config: Config): string {
  switch (options.mode) {
    case "anonymous":
      return `to the track function at ${config.functionsUrl}, which signs and forwards`;
    case "sts":
      return `straight to Simple Log Service at ${config.slsUrl}, signed with a token from ${config.functionsUrl}/get_sts_token`;
    case "ticket":
      return `to a track function that takes nothing without a ticket, at ${config.guardedUrl}/t/TICKET`;
  }
}

function showState(state: SessionState): void {
  const status = byId("status");
  status.dataset["kind"] = state.kind;
  status.textContent = describeState(state);
  byId("retry").hidden = !(state.kind === "failed" && !state.inUse);
  const ticket = "ticket" in state ? state.ticket : undefined;
  byId("held").hidden = !ticket;
  byId("held-text").textContent = ticket ? describeTicket(ticket) : "";
}

function describeState(state: SessionState): string {
  switch (state.kind) {
    case "anonymous":
      return "No credential needed.";
    case "waiting":
      return `Waiting for the first ${state.what}; what you send meanwhile waits too.`;
    case "ready":
      return `Credential fetched at ${state.refreshed.toLocaleTimeString()}; the next send after five minutes renews it.`;
    case "failed":
      return `The ${state.what} could not be ${state.inUse ? "renewed; the old one stays in use" : "fetched"}: ${state.reason}`;
    case "taken":
      return `Track takes this page’s ticket: issued by the site for ${state.ticket.subject}, good until ${clock(state.ticket)}. A fresh one is fetched before that.`;
    case "refused":
      return `Track takes nothing from this page: ${state.reason}. What you send now is lost, because the SDK never sends a batch twice.`;
  }
}

function clock({ expires }: Ticket): string {
  return new Date(1000 * expires).toLocaleTimeString();
}

start().catch((error: unknown) => {
  byId("status").dataset["kind"] = "failed";
  byId("status").textContent = `The page could not start: ${String(error)}`;
});
