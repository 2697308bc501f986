// Giving up a sale whose bill the customer has seen: for a reason that the journal keeps.

import { useState } from "preact/hooks";
import { t } from "../words.js";
import { abandon } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { sales } from "./sales.js";
import { euros } from "./state.js";

const REASONS = [
  () => t("abandon.left"), () => t("abandon.mistake"), () => t("abandon.elsewhere"),
];

export function Abandon({ saleKey }) {
  const [reason, setReason] = useState("");
  const sale = sales.value.get(saleKey);
  const back = () => go(`sale/${saleKey}`);
  const giveUp = (why) => abandon(sale, why.trim());
  return html`<section class="pane abandon-pane">
    <${PaneHead} title=${t("sale.abandon")} onBack=${back} />
    ${sale && html`<p class="card-ask">${t("abandon.shown", { amount: euros(sale.total_cents) })}</p>
      <div class="abandon-reasons" role="group" aria-label=${t("abandon.why")}>
        ${REASONS.map((word, place) => html`<button type="button" class="way" key=${place} data-reason=${place}
          onClick=${() => giveUp(word())}>${word()}</button>`)}
      </div>
      <label class="field" for="abandon-reason"><span>${t("abandon.other")}</span>
        <input id="abandon-reason" value=${reason} maxlength="120" autocomplete="off"
          onInput=${(event) => setReason(event.currentTarget.value)} /></label>
      <button type="button" class="primary-button danger-button" data-act="abandon-now" disabled=${!reason.trim()}
        onClick=${() => giveUp(reason)}><${Icon} name="bin" />${t("sale.abandon")}</button>`}
  </section>`;
}
