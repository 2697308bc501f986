// One sale, whole: what, how it was paid, its VAT, its paper.

import { useEffect } from "preact/hooks";
import { formatRate } from "../money.js";
import { language, t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { PrintButton, printWord, usePrintWatch } from "./done.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Badge, PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { acknowledge, arrived, readSale, sales, standing } from "./sales.js";
import { GiveBackButton, Returned, useCorrections } from "./returned.js";
import { boot, coins, euros, hour } from "./state.js";

const KINDS = { cash: () => t("cash"), card: () => t("card"), osm: () => t("osm") };
const TENDER_STATES = {
  pending: "open", accepted: "seen", settled: "paid", cancelled: "cancelled", refused: "cancelled",
  unknown: "unpaid",
};

export const kindWord = (kind) => KINDS[kind]?.() ?? kind;

/** How one payment of a sale stands, in the words used for whole sales. */
export function tenderStanding(tender) {
  const coins = tender.osm?.state;
  if (tender.state === "pending" && (coins === "seen" || coins === "accepted" || coins === "confirming")) {
    return "seen";
  }
  // Nobody gave it up: its time ran out.
  if (coins === "expired" && (tender.state === "pending" || tender.state === "cancelled")) return "expired";
  return TENDER_STATES[tender.state] ?? "unpaid";
}

export function Lines({ sale }) {
  return html`<ul class="paper-lines">
    ${sale.lines.map((line, index) => html`<li key=${index}>
      <span class="paper-quantity">${line.quantity}</span>
      <span>${line.label}</span>
      <span class="paper-money">${euros(line.total_cents)}</span>
    </li>`)}
  </ul>`;
}

export function Tenders({ sale }) {
  return html`<ul class="paper-tenders">
    ${sale.tenders.map((tender) => html`<li key=${tender.key}>
      <span>${kindWord(tender.kind)} <${Badge} standing=${tenderStanding(tender)} /></span>
      <span class="paper-money">${euros(tender.amount_cents)}</span>
      ${tender.osm && html`<small>${coins(tender.osm.units)} · ${tender.osm.reference}</small>`}
      ${tender.change_cents > 0 && html`<small>${t("detail.change", {
        given: euros(tender.received_cents), change: euros(tender.change_cents) })}</small>`}
    </li>`)}
  </ul>`;
}

function Taxes({ taxes }) {
  return html`<table class="taxes">
    <caption>${t("detail.taxes")}</caption>
    <thead><tr><th scope="col">${t("tax.rate")}</th><th scope="col">${t("tax.base")}</th>
      <th scope="col">${t("tax.vat")}</th><th scope="col">${t("tax.total")}</th></tr></thead>
    <tbody>${taxes.map((tax) => html`<tr key=${tax.rate_bp}>
      <th scope="row">${formatRate(tax.rate_bp, language)}</th><td>${euros(tax.base_cents)}</td>
      <td>${euros(tax.vat_cents)}</td><td>${euros(tax.total_cents)}</td></tr>`)}</tbody>
  </table>`;
}

export { Taxes };

export function Detail({ saleKey }) {
  const sale = sales.value.get(saleKey);
  useEffect(() => {
    if (!sale) attemptOnce(() => readSale(saleKey));
  }, [saleKey, sale]);
  useEffect(() => acknowledge(saleKey), [saleKey, arrived.value]);
  usePrintWatch(sale);
  const view = useCorrections(sale);
  const back = () => go("sales");
  if (!sale) {
    return html`<section class="pane" aria-busy="true"><${PaneHead} title=${t("sale")} onBack=${back} />
      <p class="empty">${t("sale.loading")}</p></section>`;
  }
  const title = sale.number ? t("sale.number", { number: sale.number }) : t("sale");
  return html`<section class="pane detail-pane">
    <${PaneHead} title=${title} onBack=${back}><${Badge} standing=${standing(sale)} /></${PaneHead}>
    <div class="paper">
      <p class="paper-meta">${hour(sale.created_at)} · ${sale.operator} · ${
        sale.serving === "takeaway" ? t("serving.takeaway") : t("serving.on_site")}</p>
      <${Lines} sale=${sale} />
      <p class="paper-total"><span>${t("total")}</span><span>${euros(sale.total_cents)}</span></p>
      <${Tenders} sale=${sale} />
      <${Taxes} taxes=${sale.taxes} />
      <${Returned} view=${view} />
      ${sale.print && html`<p class="paper-meta"><${Icon} name="printer" />${printWord(sale.print)}</p>`}
    </div>
    <div class="pane-foot">
      ${sale.state === "paid" && boot.value.printer && html`<${PrintButton} sale=${sale}
        word=${sale.print ? t("receipt.copy") : t("receipt.print")} />`}
      <${GiveBackButton} sale=${sale} view=${view} />
    </div>
  </section>`;
}
