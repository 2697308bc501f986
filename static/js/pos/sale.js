// One sale on its way to being paid. The state of its money is the loudest thing here: waiting, seen
// (amber), there (green). "Next customer" leaves it waiting; the strip above keeps an eye on it.

import { useEffect } from "preact/hooks";
import { t } from "../words.js";
import { Bills } from "./bill.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { groupNow } from "./collect.js";
import { Done } from "./done.js";
import { Request } from "./request.js";
import { abandon, attemptOnce } from "./deeds.js";
import { FirstButton, PaneHead } from "./pieces.js";
import { COLLECT, go } from "./routes.js";
import { osmTender, readSale, sales, standing } from "./sales.js";
import { euros, may, narrow } from "./state.js";
import { Ways } from "./ways.js";

/** To the next payment of this customer, or to the next customer. */
export function next() {
  go(groupNow.value ? COLLECT : "");
}

const LOOK_MS = 1000;

export function Sale({ saleKey }) {
  const sale = sales.value.get(saleKey);
  useEffect(() => {
    if (!sale) attemptOnce(() => readSale(saleKey));
  }, [saleKey, sale]);
  const isWatched = Boolean(sale?.collection) && sale.state === "waiting";
  useEffect(() => {
    if (!isWatched) return undefined;
    // Its trades are told by the server, not this till: so the till looks.
    const timer = setInterval(() => readSale(saleKey).catch(() => {}), LOOK_MS);
    return () => clearInterval(timer);
  }, [saleKey, isWatched]);
  if (!sale) {
    return html`<section class="pane" aria-busy="true"><${PaneHead} title=${t("sale")} onBack=${next} />
      <p class="empty">${t("sale.loading")}</p></section>`;
  }
  const stands = standing(sale);
  if (stands === "paid") return html`<${Done} key=${sale.key} sale=${sale} onNext=${next} />`;
  if (stands === "cancelled") return html`<${Cancelled} />`;
  if (stands === "open" || stands === "seen") {
    return html`<${Request} key=${osmTender(sale).key} sale=${sale} onNext=${next} />`;
  }
  return html`<${Unpaid} sale=${sale} stands=${stands} />`;
}

/** Its request ran out or was given up: the goods are ordered, the money is still to come. */
function Unpaid({ sale, stands }) {
  return html`<section class="pane unpaid-pane">
    <${PaneHead} title=${t("sale.to_pay")} onBack=${next} />
    ${stands === "expired" && html`<div class="notice tone-attention" role="status">
      <${Icon} name="clock" />
      <div class="notice-text"><strong>${t("sale.expired_title")}</strong> ${t("sale.expired_advice")}</div>
    </div>`}
    <div class="card-way">
      <p class="card-ask">${t("total.left")}</p>
      <p class="money-loud" data-rest=${sale.remaining_cents}>${euros(sale.remaining_cents)}</p>
      <${Ways} saleKey=${sale.key} />
    </div>
    <${Bills} sale=${sale} />
    ${narrow.value && may("cancel_sale") && sale.paid_cents === 0 && html`<button type="button"
      class="quiet-button danger-button" data-act="abandon" onClick=${() => abandon(sale)}>
      <${Icon} name="bin" />${t("sale.abandon")}</button>`}
  </section>`;
}

function Cancelled() {
  return html`<section class="pane done tone-quiet-fill">
    <${Icon} name="cross" large />
    <h1 class="done-word">${t("sale.abandoned")}</h1>
    <${FirstButton} class="primary-button" data-act="next" onClick=${next}>${t("next")}</${FirstButton}>
  </section>`;
}
