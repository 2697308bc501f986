// The bill before it is paid, and the note that is due for services: printed from an order that the
// server keeps, so that what a customer was shown cannot vanish without a trace.

import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { billWanted } from "./payment.js";
import { boot, euros, notice } from "./state.js";

/** From this total on, whoever was served on site gets a note before paying (arrêté 83-50/A). */
export function isNoteDue(serving, cents) {
  const from = boot.value.note_from_cents;
  return from !== null && serving === "on_site" && cents >= from;
}

export const noteHint = () => t("bill.note_due", { from: euros(boot.value.note_from_cents) });

export function Bills({ sale }) {
  const [customer, setCustomer] = useState("");
  const key = useRef(null);
  const isDue = isNoteDue(sale.serving, sale.total_cents);
  async function print(kind) {
    const text = `${kind} ${customer}`;
    if (key.current?.text !== text) key.current = { text, key: uuid7() };
    const body = { key: key.current.key, kind, customer: kind === "note" ? customer.trim() : "" };
    const isDone = await attemptOnce(() => post(`/api/pos/sales/${sale.key}/bills/`, body));
    if (!isDone) return;
    key.current = null;
    notice.value = { kind: "ok", title: t("bill.printed"), advice: t("bill.printed_advice") };
  }
  useEffect(() => {
    if (billWanted.value !== sale.key) return;
    billWanted.value = null;
    print(isDue ? "note" : "bill");
  }, [sale.key]);
  if (!boot.value.printer || sale.collection) return null;
  return html`<section class="bills" aria-label=${t("bill")}>
    ${isDue && html`<p class="bills-hint" data-note-due><${Icon} name="warning" />${noteHint()}</p>`}
    <div class="way-pair">
      <button type="button" class="way" data-act="print-bill" onClick=${() => print("bill")}>
        <${Icon} name="printer" />${t("bill.print")}</button>
      <button type="button" class="way" data-act="print-note" onClick=${() => print("note")}>
        <${Icon} name="printer" />${t("bill.note")}</button>
    </div>
    <label class="field" for="bill-customer"><span>${t("bill.customer")}</span>
      <input id="bill-customer" value=${customer} maxlength="80" autocomplete="off"
        onInput=${(event) => setCustomer(event.currentTarget.value)} /></label>
  </section>`;
}
