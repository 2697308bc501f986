// Giving back what another trade owes somebody: a cancelled studio that was paid here. How much was
// decided when it was cancelled; this pane asks only how. Sent again with the same key until answered.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t } from "../words.js";
import { learnPayout, payouts } from "./collect.js";
import { attemptOnce } from "./deeds.js";
import { kindWord } from "./detail.js";
import { printWord } from "./done.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { keepFocus, PaneHead } from "./pieces.js";
import { COLLECT, go } from "./routes.js";
import { announce, euros } from "./state.js";

const KINDS = ["cash", "card"];
const COMING = ["queued", "leased", "sent"];
const LOOK_MS = 700;
const LOOKS = 40;

/** One row in the list of what was found. */
export function OwedBack({ payout }) {
  const isOwed = payout.state === "owed";
  return html`<li>
    <button type="button" class="row due-row" data-payout=${payout.code} disabled=${!isOwed}
      onClick=${() => go(`payout/${payout.id}`)}>
      <span class="due-mark" aria-hidden="true"><${Icon} name="undo" /></span>
      <span class="row-what">${payout.label}
        <small>${[payout.person, payout.payee.name, payout.code].filter(Boolean).join(" · ")}</small></span>
      ${isOwed
        ? html`<span class="badge tone-attention"><${Icon} name="undo" />${t("payout.owed")}</span>`
        : html`<span class="badge tone-ok"><${Icon} name="check" />${t("payout.given")}</span>`}
      <span class="row-money">${euros(-payout.amount_cents)}</span>
    </button>
  </li>`;
}

/** Its ticket is sealed a moment later, by the trade, and then printed: looked at until both are done. */
function useTicket(payout) {
  const looks = useRef(0);
  const isSealed = Boolean(payout.number);
  const isQuiet = isSealed && !COMING.includes(payout.print?.state);
  useEffect(() => {
    if (isQuiet) {
      looks.current = 0;
      return undefined;
    }
    const timer = setInterval(() => {
      looks.current += 1;
      if (looks.current > LOOKS) clearInterval(timer);
      else get(`/api/pos/payouts/${payout.key}/`).then(learnPayout).catch(() => {});
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [isQuiet, payout.key]);
  return isSealed;
}

function Given({ payout }) {
  const key = useRef(null);
  const isSealed = useTicket(payout);
  async function print() {
    key.current ??= uuid7();
    const done = await attemptOnce(async () => {
      learnPayout(await post(`/api/pos/payouts/${payout.key}/print/`, { key: key.current }));
    });
    if (done) key.current = null;
  }
  return html`<div class="payout-given tone-solid-ok" role="status" data-state="given">
      <div class="done-sign"><${Icon} name="check" large /></div>
      <p class="money-large">${euros(payout.amount_cents)}</p>
      <p>${payout.kind === "cash" ? t("back.done.cash", { amount: euros(payout.amount_cents) })
        : t("back.done.card", { amount: euros(payout.amount_cents) })}</p>
    </div>
    <button type="button" class="way" data-act="print-payout" disabled=${!isSealed} onClick=${print}>
      <${Icon} name="printer" />${payout.print ? printWord(payout.print) : t("payout.print")}</button>
    <button type="button" class="primary-button" data-act="payout-done" onClick=${() => go("")}>${t("payout.done")}</button>`;
}

export function GiveOut({ payoutId }) {
  const [kind, setKind] = useState("cash");
  const [authorisation, setAuthorisation] = useState("");
  const [isBusy, setBusy] = useState(false);
  const keys = useRef(new Map());
  const payout = payouts.value.get(payoutId);
  const back = () => go(COLLECT);
  const lacks = kind === "card" && !authorisation.trim();

  async function give() {
    // A key a way: what was sent as cash is never sent again as a card's.
    if (!keys.current.has(kind)) keys.current.set(kind, uuid7());
    const body = { key: keys.current.get(kind), payout: payoutId, kind, authorisation: authorisation.trim() };
    setBusy(true);
    await attemptOnce(async () => {
      learnPayout(await post("/api/pos/payouts/", body));
      announce(t("back.done", { amount: euros(payout.amount_cents) }));
    });
    setBusy(false);
  }

  if (!payout) {
    return html`<section class="pane"><${PaneHead} title=${t("payout.title")} onBack=${back} />
      <p class="empty"><${Icon} name="list" />${t("payout.again")}</p></section>`;
  }
  const isGiven = payout.state === "paid";
  return html`<section class="pane back-pane payout-pane">
    <${PaneHead} title=${t("payout.title")} onBack=${back} />
    <p class="payout-what"><strong>${payout.label}</strong><br />
      ${[payout.person, payout.payee.name, payout.code].filter(Boolean).join(" · ")}</p>
    ${isGiven && html`<${Given} payout=${payout} />`}
    ${!isGiven && html`
      <p class="money-large payout-amount" data-cents=${payout.amount_cents}>${euros(payout.amount_cents)}</p>
      <h2 class="back-head">${t("back.how")}</h2>
      <div class="back-ways" role="group" aria-label=${t("back.how")}>
        ${KINDS.map((one) => html`<button type="button" class="way" key=${one} data-act="payout-${one}"
          aria-pressed=${kind === one} onMouseDown=${keepFocus} onClick=${() => setKind(one)}>
          <${Icon} name=${one} /><span>${kindWord(one)}</span></button>`)}
      </div>
      ${kind === "card" && html`<p class="card-ask">${t("back.card")}</p>
        <label class="field" for="payout-authorisation"><span>${t("back.authorisation")}</span>
          <input id="payout-authorisation" value=${authorisation} maxlength="40" autocomplete="off"
            inputmode="numeric" onInput=${(event) => setAuthorisation(event.currentTarget.value)} /></label>`}
      <div class="collect-now">
        ${lacks && html`<label class="back-missing" for="payout-authorisation">${t("back.missing.authorisation")}</label>`}
        <button type="button" class="primary-button" data-act="pay-out" disabled=${lacks || isBusy}
          onClick=${give}>${t("back.go", { amount: euros(payout.amount_cents) })}</button>
      </div>`}
  </section>`;
}
