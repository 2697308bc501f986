// Between a finger and the server's answer. Cash needs its change now, whatever the network does.

import { useEffect, useState } from "preact/hooks";
import { t } from "../words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { retryNow, silences, unsent } from "./payment.js";
import { euros } from "./state.js";

const CALM_MS = 300; // faster than that, words would only flicker

export function Sending() {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), CALM_MS);
    return () => clearTimeout(timer);
  }, []);
  const { change_cents: change, amount_cents: amount } = unsent.value;
  const isSilent = silences.value > 0;
  return html`<section class="pane done sending" data-state="sending" aria-busy="true">
    <h1 class="visually-hidden">${t("sending")}</h1>
    ${change > 0 && html`<p class="done-ask">${t("cash.change")}</p>
      <p class="money-loud" data-change=${change}>${euros(change)}</p>`}
    ${change === 0 && html`<p class="money-loud">${euros(amount)}</p>`}
    <p class="sending-word" role="status">${(isLong || isSilent) && html`
      <span class="spinner" aria-hidden="true"></span>${t("sending")}`}</p>
    ${isSilent && html`<div class="notice tone-attention" role="alert">
      <${Icon} name="unplugged" />
      <div class="notice-text"><strong>${t("silence.title")}</strong>
        ${t("silence.kept", { count: silences.value })}</div>
      <button type="button" class="notice-button" data-act="retry" onClick=${retryNow}>${t("again")}</button>
    </div>`}
  </section>`;
}
