// Finding what somebody owes, by a code held under the scanner, a reference or a name; and taking it.

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../words.js";
import { bringForward, choose, drop, found, foundBack, groupNow, groups, isChosen, isOwed, search } from "./collect.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { share } from "./payment.js";
import { OwedBack } from "./payout-pane.js";
import { PaneHead } from "./pieces.js";
import { COLLECT, go, route } from "./routes.js";
import { euros } from "./state.js";
import { Ways } from "./ways.js";

const WAIT_MS = 250;

function Due({ due }) {
  const taken = isChosen(due);
  const toggle = () => (taken ? drop([due]) : choose(due));
  return html`<li>
    <button type="button" class="row due-row" data-due=${due.code} aria-pressed=${taken}
      disabled=${!isOwed(due)} onClick=${toggle}>
      <span class="due-mark" aria-hidden="true">${taken && html`<${Icon} name="check" />`}</span>
      <span class="row-what">${due.label || due.code}
        <small>${[due.person, due.payee.name, due.code].filter(Boolean).join(" · ")}</small></span>
      ${due.pending_cents > 0 && html`<span class="badge tone-waiting"><${Icon} name="hourglass" />${t("collect.pending")}</span>`}
      ${due.left_cents === 0 && html`<span class="badge tone-ok"><${Icon} name="check" />${t("collect.paid")}</span>`}
      <span class="row-money">${euros(due.left_cents || due.amount_cents)}</span>
    </button>
  </li>`;
}

/** Everything chosen, a payee at a time; where it stands beside the cart, it leads here. */
export function Chosen() {
  if (!groups.value.length) return null;
  const isThere = route.value.key === COLLECT;
  return html`<section class="collect-chosen" aria-label=${t("collect.also")}>
    <h3>${t("collect.also")}</h3>
    ${groups.value.map((group) => html`<div class="collect-group" key=${group.payee.id}>
      <p><strong>${group.payee.name}</strong> <span class="row-money">${euros(group.cents)}</span></p>
      <ul>${group.dues.map((due) => html`<li key=${due.id}>
        <span>${due.label || due.code}</span>
        <button type="button" class="round" aria-label=${t("collect.drop", { label: due.label || due.code })}
          onClick=${() => drop([due])}><${Icon} name="cross" /></button></li>`)}</ul>
      ${!isThere && html`<button type="button" class="way" data-act="collect-go" data-payee=${group.payee.name}
        onClick=${() => { bringForward(group.payee); go("collect"); }}>
        ${t("collect.go", { amount: euros(group.cents) })}</button>`}
    </div>`)}
  </section>`;
}

export function Collect() {
  const [text, setText] = useState("");
  const field = useRef(null);
  useEffect(() => {
    share.value = null;
    field.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => attemptOnce(async () => { await search(text); }), text ? WAIT_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);

  /** A scanner ends with Enter: what it read is chosen at once, and the field is free for the next. */
  function enter(event) {
    event.preventDefault();
    attemptOnce(async () => {
      const dues = await search(text);
      const back = foundBack.value.filter((one) => one.state === "owed");
      if (dues?.length === 0 && back.length === 1) go(`payout/${back[0].id}`);
      if (dues?.length !== 1) return;
      choose(dues[0]);
      if (isOwed(dues[0])) setText("");
    });
  }

  const now = groupNow.value;
  const list = found.value ?? [];
  const back = foundBack.value;
  return html`<section class="pane collect-pane">
    <${PaneHead} title=${t("collect.title")} onBack=${() => go("")} />
    <form class="field collect-search" onSubmit=${enter}>
      <label for="collect-text">${t("collect.search")}</label>
      <input id="collect-text" ref=${field} value=${text} type="search" maxlength="60" autocomplete="off"
        enterkeyhint="search" onInput=${(event) => setText(event.currentTarget.value)} />
    </form>
    <ul class="rows" aria-live="polite">${list.map((due) => html`<${Due} key=${due.id} due=${due} />`)}
      ${back.map((one) => html`<${OwedBack} key=${one.id} payout=${one} />`)}</ul>
    ${found.value && !list.length && !back.length && html`<p class="empty"><${Icon} name="list" />${text ? t("collect.none") : t("collect.nothing")}</p>`}
    ${now && html`<div class="collect-now">
      <p class="collect-total"><span>${t("collect.for", { payee: now.payee.name })}</span>
        <strong class="money-large" data-collect=${now.cents}>${euros(now.cents)}</strong></p>
      ${groups.value.length > 1 && html`<p class="collect-more">${t("collect.more", { count: groups.value.length - 1 })}</p>`}
      <${Ways} saleKey=${COLLECT} quiet />
    </div>`}
  </section>`;
}
