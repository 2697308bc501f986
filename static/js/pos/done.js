// The money is there. Green, the change, the number; paper only if somebody asks; any tap goes on.

import { useEffect, useRef } from "preact/hooks";
import { post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t } from "../words.js";
import { groupNow } from "./collect.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { FirstButton } from "./pieces.js";
import { acknowledge, arrived, pathOf, readSale } from "./sales.js";
import { boot, euros } from "./state.js";

const PRINTS = {
  queued: () => t("print.queued"),
  leased: () => t("print.queued"),
  sent: () => t("print.sent"),
  confirmed: () => t("print.confirmed"),
  held: () => t("print.held"),
  unknown: () => t("print.unknown"),
};

const COMING = ["queued", "leased", "sent"];
const LOOK_MS = 1500;
const LOOKS = 20;

/** While a receipt is on its way, look where it is; a printer has no line of its own to the till. */
export function usePrintWatch(sale) {
  const looks = useRef(0);
  const isComing = COMING.includes(sale?.print?.state);
  useEffect(() => {
    if (!isComing) {
      looks.current = 0;
      return undefined;
    }
    const timer = setInterval(() => {
      looks.current += 1;
      if (looks.current > LOOKS) clearInterval(timer);
      else readSale(sale.key).catch(() => {});
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [isComing, sale?.key]);
}

export const printWord = (print) => PRINTS[print.state]?.() ?? print.state;

/** Asks for the paper of a sale. One key for one wish: asked twice by a retry, printed once. */
export function PrintButton({ sale, word }) {
  const key = useRef(null);
  async function print(event) {
    event.stopPropagation();
    key.current ??= uuid7();
    if (await attemptOnce(() => post(`${pathOf(sale.key)}/print/`, { key: key.current }))) {
      key.current = null;
    }
  }
  return html`<button type="button" class="way" data-act="print" onClick=${print}>
    <${Icon} name="printer" />${word}</button>`;
}

export function Done({ sale, onNext }) {
  useEffect(() => acknowledge(sale.key), [sale.key, arrived.value]);
  usePrintWatch(sale);
  const change = sale.change_cents ?? 0;
  const stop = (event) => event.stopPropagation();
  return html`<section class="pane done tone-solid-ok" data-state="paid" onClick=${onNext}>
    <div class="done-sign"><${Icon} name="check" large /></div>
    <h1 class="done-word">${t("standing.paid")}</h1>
    ${change > 0
      ? html`<p class="done-ask">${t("cash.change")}</p>
          <p class="money-loud" data-change=${change}>${euros(change)}</p>`
      : html`<p class="money-loud" data-paid=${sale.total_cents}>${euros(sale.total_cents)}</p>`}
    ${sale.number && html`<p class="done-number">${t("sale.number", { number: sale.number })}</p>`}
    <div class="done-paper" onClick=${stop}>
      ${sale.print
        ? html`<p class="done-print" role="status"><${Icon} name="printer" />${printWord(sale.print)}</p>`
        : boot.value.printer && html`<${PrintButton} sale=${sale} word=${t("receipt.offer")} />`}
    </div>
    <${FirstButton} class="done-next" data-act="next" onClick=${(event) => { stop(event); onNext(); }}>
      ${groupNow.value ? t("collect.next", { payee: groupNow.value.payee.name,
        amount: euros(groupNow.value.cents) }) : t("next")}</${FirstButton}>
  </section>`;
}
