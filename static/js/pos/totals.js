// The running day of this till (X reading): read as often as one likes, it changes nothing.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t, tn } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { kindWord, Taxes } from "./detail.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { boot, coins, euros, hour } from "./state.js";

export function Totals() {
  const [reading, setReading] = useState(null);
  const [isAsked, setAsked] = useState(false);
  const key = useRef(null);
  useEffect(() => {
    attemptOnce(async () => setReading(await get("/api/pos/x-reading/")));
  }, []);
  async function print() {
    key.current ??= uuid7();
    const { current } = key;
    if (await attemptOnce(() => post("/api/pos/x-reading/print/", { key: current }))) {
      key.current = null;
      setAsked(true);
    }
  }
  return html`<section class="pane detail-pane">
    <${PaneHead} title=${t("totals.title")} onBack=${() => go("")} />
    ${reading && html`<div class="paper">
      <p class="paper-meta">${t("totals.period", { number: reading.period?.number ?? "–",
        date: reading.period?.business_date ?? "–" })}
        ${reading.period?.opened_at && html` · ${t("totals.since", { time: hour(reading.period.opened_at) })}`}
        ${" · "}${reading.register}</p>
      <p class="paper-total"><span>${t("total")}</span><span>${euros(reading.total_cents)}</span></p>
      ${reading.first_sequence != null && html`<p class="paper-meta">${tn("totals.numbers",
        reading.last_sequence - reading.first_sequence + 1,
        { first: reading.first_sequence, last: reading.last_sequence })}</p>`}
      <ul class="paper-tenders">${reading.tenders.map((tender) => html`<li key=${tender.kind}>
        <span>${kindWord(tender.kind)}</span><span class="paper-money">${euros(tender.amount_cents)}</span>
        ${BigInt(tender.osm_units ?? 0) > 0n && html`<small>${coins(tender.osm_units)}</small>`}
      </li>`)}</ul>
      <${Taxes} taxes=${reading.taxes} />
    </div>
    <div class="pane-foot">
      ${boot.value.printer && html`<button type="button" class="way" data-act="print-x" onClick=${print}>
        <${Icon} name="printer" />${isAsked ? t("print.queued") : t("totals.print")}</button>`}
    </div>`}
  </section>`;
}
