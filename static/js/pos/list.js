// The last sales of this till, each with where its money stands.

import { useState } from "preact/hooks";
import { get } from "../http.js";
import { t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Badge, PaneHead } from "./pieces.js";
import { addressOf, go } from "./routes.js";
import { recent, standing } from "./sales.js";
import { euros, hour } from "./state.js";

function Row({ sale }) {
  const stands = standing(sale);
  const open = () => go(stands === "paid" || stands === "cancelled"
    ? `detail/${sale.key}` : addressOf(sale));
  return html`<li>
    <button type="button" class="row" data-sale=${sale.key} onClick=${open}>
      <span class="row-when">${hour(sale.created_at)}</span>
      <span class="row-what">${sale.label}
        <small>${[sale.number && t("sale.number", { number: sale.number }), sale.operator]
          .filter(Boolean).join(" · ")}</small></span>
      <span class="row-state"><${Badge} standing=${stands} />
        ${sale.returned_cents > 0 && html`<span class="badge tone-attention" data-returned=${sale.returned_cents}>
          <${Icon} name="undo" />${euros(-sale.returned_cents)}</span>`}
        ${sale.print_state === "held" && html`<span class="badge tone-attention">
          <${Icon} name="printer" />${t("print.held_short")}</span>`}</span>
      <span class="row-money">${euros(sale.total_cents)}</span>
    </button>
  </li>`;
}

/** Whoever comes back with a ticket in hand: its number finds the sale, also that of another till. */
function Find() {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  async function look(event) {
    event.preventDefault();
    if (!text.trim()) return setFound(null);
    return attemptOnce(async () => {
      setFound((await get(`/api/pos/sales/?number=${encodeURIComponent(text.trim())}`)).sales);
    });
  }
  return html`<form class="field collect-search" onSubmit=${look}>
      <label for="find-number">${t("find.number")}</label>
      <input id="find-number" type="search" value=${text} maxlength="50" autocomplete="off" enterkeyhint="search"
        onInput=${(event) => { setText(event.currentTarget.value); setFound(null); }} />
    </form>
    <div aria-live="polite">${found?.length === 0 && html`<p class="empty"><${Icon} name="list" />${t("find.none")}</p>`}
    ${found?.length > 0 && html`<ul class="rows found">${found.map((sale) => html`<${Row} key=${sale.key} sale=${sale} />`)}</ul>`}</div>`;
}

export function List() {
  return html`<section class="pane">
    <${PaneHead} title=${t("sales.title")} onBack=${() => go("")} />
    <${Find} />
    ${recent.value.length
      ? html`<ul class="rows">${recent.value.map((sale) => html`<${Row} key=${sale.key} sale=${sale} />`)}</ul>`
      : html`<p class="empty"><${Icon} name="list" />${t("sales.none")}</p>`}
  </section>`;
}
