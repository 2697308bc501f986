// One household's basket: tick what is there, take what is owed, hand it out. Two tills may have it on
// the screen: the server says who was first.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t, tn } from "../words.js";
import { baskets, keepFresh, learnBasket, moneyOf } from "./amap.js";
import { BasketBadge, MoneyBadge } from "./amap-list.js";
import { bringForward, choose, search } from "./collect.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { PaneHead } from "./pieces.js";
import { COLLECT, go } from "./routes.js";
import { announce, euros, hour, may } from "./state.js";

function Line({ line, isTicked, onTick, isOpen }) {
  const isGone = isOpen ? !isTicked : line.handed === false;
  const inside = html`<${Icon} name=${isGone ? "cross" : "check"} />
    <span class="farm-line-quantity">${line.quantity} ×</span>
    <span class="farm-line-label">${line.label}
      ${!isOpen && isGone && html`<small>${t("amap.missed")}</small>`}</span>
    <span class="farm-line-money">${euros(line.total_cents)}</span>`;
  return html`<li>${isOpen
    ? html`<button type="button" class="farm-line" data-line=${line.id} aria-pressed=${isTicked}
        onClick=${onTick}>${inside}</button>`
    : html`<div class="farm-line" data-gone=${isGone}>${inside}</div>`}</li>`;
}

/** Put this due among those to be paid now, its payee first; the till collects it as any other. */
function collect(code) {
  attemptOnce(async () => {
    const due = (await search(code))?.find((one) => one.code.replace("-", "") === code.replace("-", ""));
    if (!due) return;
    choose(due);
    bringForward(due.payee);
    go(COLLECT);
  });
}

function Money({ basket }) {
  const money = moneyOf(basket);
  return html`<div class="farm-money" data-owed=${money.kind === "owed"}>
    <span class="farm-money-total">${euros(basket.total_cents)}</span>
    <${MoneyBadge} basket=${basket} />
    ${money.kind === "owed" && html`<small>${t("amap.code", { code: basket.due.code })}</small>`}
    ${money.kind === "owed" && may("sell") && html`<button type="button" class="primary-button"
      data-act="collect-basket" data-due=${basket.due.code} onClick=${() => collect(basket.due.code)}>
      <${Icon} name="cash" />${t("amap.collect")}</button>`}
  </div>`;
}

export function FarmBasket({ id }) {
  const [read, setRead] = useState(null);
  const [unticked, setUnticked] = useState(() => new Set());
  const [isBusy, setBusy] = useState(false);
  const keys = useRef({});
  const basket = read ?? baskets.value?.find((one) => one.id === id) ?? null;

  function show(answer) {
    setRead(answer);
    learnBasket(answer);
  }
  useEffect(() => keepFresh(async () => show(await get(`/api/amap/baskets/${id}/`))), [id]);
  if (!basket) {
    return html`<section class="pane"><${PaneHead} title=${t("amap.title")} onBack=${() => go("baskets")} />
      <p class="empty"><${Icon} name="hourglass" />${t("amap.loading")}</p></section>`;
  }

  /** One deed, under one key however often it is sent; refused, the basket is read again. */
  async function deed(what, body) {
    setBusy(true);
    keys.current[what] ??= uuid7();
    const key = body.key ?? keys.current[what];
    const done = await attemptOnce(async () => {
      show(await post(`/api/amap/baskets/${id}/${what}/`, { ...body, key }));
      delete keys.current[what];
    });
    // What was refused is shown in its own words; who was first comes with the next reading.
    if (!done) get(`/api/amap/baskets/${id}/`).then(show, () => {});
    setBusy(false);
    return done;
  }
  async function handOut() {
    if (await deed("hand-out", { missing: [...unticked] })) {
      announce(t("amap.given", { name: basket.household }));
      setUnticked(new Set());
    }
  }
  function tick(line) {
    const next = new Set(unticked);
    if (!next.delete(line)) next.add(line);
    setUnticked(next);
  }

  const isOpen = basket.state !== "handed_out";
  return html`<section class="pane detail-pane farm-pane" data-basket-state=${basket.state}>
    <${PaneHead} title=${basket.household} onBack=${() => go("baskets")}>
      <span class="farm-number farm-number-large">${t("amap.number", { number: basket.number })}</span>
    </${PaneHead}>
    <div class="farm-standing">
      <${BasketBadge} state=${basket.state} />
      ${basket.handed && html`<span>${t("amap.handed", { time: hour(basket.handed.at),
        by: basket.handed.by, till: basket.handed.till })}</span>`}
      ${basket.phones.map((phone) => html`<span key=${phone}>${phone}</span>`)}
    </div>
    <${Money} basket=${basket} />
    <h2 class="farm-title">${t("amap.lines")}</h2>
    ${isOpen && html`<p class="farm-hint">${unticked.size
      ? tn("amap.missing", unticked.size) : t("amap.tick")}</p>`}
    <ul class="farm-lines">${basket.lines.map((line) => html`<${Line} key=${line.id} line=${line}
      isOpen=${isOpen} isTicked=${!unticked.has(line.id)} onTick=${() => tick(line.id)} />`)}</ul>
    <div class="pane-foot farm-foot">
      ${isOpen && html`<button type="button" class="primary-button" data-act="hand-out"
        disabled=${isBusy} onClick=${handOut}><${Icon} name="basket" />${t("amap.hand_out")}</button>`}
      ${basket.state === "ordered" && html`<button type="button" class="quiet-button" data-act="absent"
        disabled=${isBusy} onClick=${() => deed("absent", {})}><${Icon} name="cross" />${t("amap.absent")}</button>`}
      ${basket.state !== "ordered" && html`<button type="button" class="quiet-button" data-act="take-back"
        disabled=${isBusy} onClick=${() => deed("take-back", { key: basket.handed.key })}>
        <${Icon} name="undo" />${t("amap.take_back")}</button>`}
    </div>
  </section>`;
}
