// What the paper of a sale says was given back since, and the way to give more back.

import { useEffect, useRef } from "preact/hooks";
import { post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { printWord } from "./done.js";
import { corrections, learnCorrections, readCorrections } from "./give-back.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { go } from "./routes.js";
import { boot, euros, hour, may } from "./state.js";

function Refund({ saleKey, refund }) {
  const key = useRef(null);
  async function print() {
    key.current ??= uuid7();
    const path = `/api/pos/sales/${saleKey}/refunds/${refund.key}/print/`;
    if (await attemptOnce(async () => learnCorrections(await post(path, { key: key.current })))) {
      key.current = null;
    }
  }
  return html`<li data-refund=${refund.number}>
    <span>${refund.number} · ${hour(refund.at)} · ${refund.operator}</span>
    <span class="paper-money">${euros(-refund.total_cents)}</span>
    <small>${refund.reason}${refund.coins && ` · OSM ${refund.coins.reference}`}${
      refund.print && ` · ${printWord(refund.print)}`}</small>
    ${boot.value.printer && html`<button type="button" class="quiet-button" data-act="print-refund" onClick=${print}>
      <${Icon} name="printer" />${t("receipt.copy")}</button>`}
  </li>`;
}

/** Reads the corrections of a paid sale whenever the sale moved on. */
export function useCorrections(sale) {
  const isPaid = sale?.state === "paid" && !sale.collection;
  useEffect(() => {
    if (isPaid) readCorrections(sale.key).catch(() => {});
  }, [isPaid, sale?.key, sale?.version]);
  return isPaid ? corrections.value.get(sale.key) : undefined;
}

export function Returned({ view }) {
  if (!view?.refunds.length) return null;
  return html`<div class="returned" data-returned=${view.returned_cents}>
    <p class="paper-total"><span>${t("back.given")}</span>
      <span>${t("back.of_total", { part: euros(view.returned_cents), whole: euros(view.total_cents) })}</span></p>
    ${view.sentences.map((sentence) => html`<p class="paper-meta" key=${sentence}>${sentence}</p>`)}
    <ul class="paper-tenders">${view.refunds.map((refund) => html`<${Refund} key=${refund.key}
      saleKey=${view.sale} refund=${refund} />`)}</ul>
  </div>`;
}

export function GiveBackButton({ sale, view }) {
  if (!view?.lines.length || !may("refund")) return null;
  return html`<button type="button" class="way" data-act="refund" onClick=${() => go(`refund/${sale.key}`)}>
    <${Icon} name="undo" />${t("back.title")}</button>`;
}
