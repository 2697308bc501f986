// The running day of this till (X reading), read as often as one likes; and its end (Z), once.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t, tn } from "../words.js";
import { Closed, useDayEnd } from "./day-end.js";
import { attemptOnce } from "./deeds.js";
import { kindWord, Taxes } from "./detail.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { boot, coins, day, euros, hour, may } from "./state.js";

/** The figures of an X or a Z, in the same order as on paper. */
export function Figures({ of }) {
  return html`
    <p class="paper-total"><span>${t("total")}</span><span>${euros(of.total_cents)}</span></p>
    ${of.first_sequence != null && html`<p class="paper-meta">${tn("totals.numbers",
      of.last_sequence - of.first_sequence + 1,
      { first: of.first_sequence, last: of.last_sequence })}</p>`}
    <ul class="paper-tenders">${of.tenders.map((tender) => html`<li key=${tender.kind}>
      <span>${kindWord(tender.kind)}</span><span class="paper-money">${euros(tender.amount_cents)}</span>
      ${BigInt(tender.osm_units ?? 0) > 0n && html`<small>${coins(tender.osm_units)}</small>`}
    </li>`)}</ul>
    <${Taxes} taxes=${of.taxes} />
    <ul class="paper-tenders">
      <${Count} word=${t("totals.refunds")} count=${of.counts.refunds} cents=${of.amounts.refunds} />
      <${Count} word=${t("totals.discounts")} count=${of.counts.discounts} cents=${of.amounts.discounts} />
      <${Count} word=${t("totals.offered")} count=${of.counts.offered} cents=${of.amounts.offered} />
      <${Count} word=${t("totals.voids")} count=${of.counts.voids} />
      <${Count} word=${t("totals.drawer")} count=${of.counts.drawer_openings} />
      <${Count} word=${t("totals.duplicates")} count=${of.counts.duplicates} />
    </ul>`;
}

/** What happened, how often; nothing when it did not. */
function Count({ word, count, cents }) {
  return count > 0 && html`<li><span>${word} × ${count}</span>
    ${cents != null && html`<span class="paper-money">${euros(cents)}</span>`}</li>`;
}

export function Totals() {
  const [reading, setReading] = useState(null);
  const [isAsked, setAsked] = useState(false);
  const key = useRef(null);
  const read = () => attemptOnce(async () => setReading(await get("/api/pos/x-reading/")));
  const end = useDayEnd();
  useEffect(() => {
    read();
  }, []);
  async function print() {
    key.current ??= uuid7();
    const { current } = key;
    if (await attemptOnce(() => post("/api/pos/x-reading/print/", { key: current }))) {
      key.current = null;
      setAsked(true);
    }
  }
  if (end.closings) {
    return html`<section class="pane detail-pane">
      <${PaneHead} title=${t("close.done")} onBack=${() => go("")} />
      <${Closed} closings=${end.closings} figures=${Figures} />
    </section>`;
  }
  return html`<section class="pane detail-pane">
    <${PaneHead} title=${t("totals.title")} onBack=${() => go("")} />
    ${reading && html`<div class="paper">
      <p class="paper-meta">${t("totals.period", { number: reading.period?.number ?? "–",
        date: day(reading.period?.business_date ?? "–") })}
        ${reading.period?.opened_at && html` · ${t("totals.since", { time: hour(reading.period.opened_at) })}`}
        ${" · "}${reading.register}</p>
      <${Figures} of=${reading} />
    </div>`}
    ${end.isAsked && html`<p class="paper-meta" role="status">${t("close.what")}</p>`}
    <div class="pane-foot">
      ${boot.value.printer && html`<button type="button" class="way" data-act="print-x" onClick=${print}>
        <${Icon} name="printer" />${isAsked ? t("print.queued") : t("totals.print")}</button>`}
      ${may("close_books") && !end.isAsked && html`<button type="button" class="way" data-act="close-day"
        onClick=${end.ask}><${Icon} name="lock" />${t("close.ask")}</button>`}
      ${may("close_books") && end.isAsked && html`<button type="button" class="way" data-act="close-now"
        disabled=${end.isBusy} onClick=${end.close}><${Icon} name="lock" />${t("close.now")}</button>`}
    </div>
  </section>`;
}
