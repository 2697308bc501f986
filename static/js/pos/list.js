// The last sales of this till, each with where its money stands.

import { t } from "../words.js";
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
        ${sale.print_state === "held" && html`<span class="badge tone-attention">
          <${Icon} name="printer" />${t("print.held_short")}</span>`}</span>
      <span class="row-money">${euros(sale.total_cents)}</span>
    </button>
  </li>`;
}

export function List() {
  return html`<section class="pane">
    <${PaneHead} title=${t("sales.title")} onBack=${() => go("")} />
    ${recent.value.length
      ? html`<ul class="rows">${recent.value.map((sale) => html`<${Row} key=${sale.key} sale=${sale} />`)}</ul>`
      : html`<p class="empty"><${Icon} name="list" />${t("sales.none")}</p>`}
  </section>`;
}
