// The drawer's pane: begin a shift, put in and take out, count blind, close.

import { useEffect, useState } from "preact/hooks";
import { typeDigit } from "../money.js";
import { t } from "../words.js";
import { Count } from "./count-pane.js";
import {
  begin, close, drawer, giveUpCount, keep, kick, move, readDrawer, stopKeeping, totalOf,
} from "./drawer.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Pad, PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { announce, euros, hour } from "./state.js";

function Reason({ value, onInput, hint }) {
  return html`<label class="drawer-reason"><span>${t("drawer.reason")}</span>
    <input type="text" maxlength="120" autocomplete="off" placeholder=${hint} value=${value}
      data-field="reason" onInput=${(event) => onInput(event.target.value)} /></label>`;
}

/** Cash in or out by hand: how much, and why. */
function Move({ kind, onEnd }) {
  const [cents, setCents] = useState(0);
  const [reason, setReason] = useState("");
  const isWhole = cents > 0 && reason.trim();
  async function send() {
    if (isWhole && await move(kind, cents, reason.trim())) onEnd();
  }
  const title = kind === "in" ? t("drawer.in") : t("drawer.out");
  return html`<section class="pane drawer-pane">
    <${PaneHead} title=${title} onBack=${onEnd} />
    <div class="cash">
      <div class="cash-side">
        <dl class="sums"><div class="sums-loud"><dt>${title}</dt>
          <dd class="money-loud"><span role="status">${euros(cents)}</span></dd></div></dl>
        <${Reason} value=${reason} onInput=${setReason}
          hint=${kind === "in" ? t("drawer.in.hint") : t("drawer.out.hint")} />
      </div>
      <div class="cash-pad">
        <${Pad} extra="00" onDigits=${(digits) => setCents(typeDigit(cents, digits))}
          onErase=${() => setCents((cents - (cents % 10)) / 10)} onEnter=${send} />
        <button type="button" class="primary-button" data-act="move-cash" disabled=${!isWhole}
          onClick=${send}>${title}</button>
      </div>
    </div>
  </section>`;
}

function Kick({ onEnd }) {
  const [reason, setReason] = useState("");
  async function send() {
    if (reason.trim() && await kick(reason.trim())) onEnd();
  }
  return html`<section class="pane drawer-pane">
    <${PaneHead} title=${t("drawer.open")} onBack=${onEnd} />
    <form class="drawer-form" onSubmit=${(event) => { event.preventDefault(); send(); }}>
      <${Reason} value=${reason} onInput=${setReason} hint=${t("drawer.open.hint")} />
      <p class="drawer-hint">${t("drawer.open.noted")}</p>
      <button class="primary-button" data-act="kick" disabled=${!reason.trim()}>${t("drawer.open")}</button>
    </form>
  </section>`;
}

/** What stays for tomorrow: all of it, what the shift began with, or what is typed. */
function Leave({ count, float, onBack }) {
  const counted = totalOf(count);
  const [left, setLeft] = useState(Math.min(float, counted));
  const [note, setNote] = useState("");
  async function send() {
    stopKeeping();
    if (await close(count, left, note.trim())) announce(t("drawer.closed"));
  }
  return html`<section class="pane drawer-pane">
    <${PaneHead} title=${t("drawer.leave")} onBack=${onBack} />
    <div class="cash">
      <div class="cash-side">
        <dl class="sums">
          <div><dt>${t("drawer.counted")}</dt><dd class="money-large">${euros(counted)}</dd></div>
          <div><dt>${t("drawer.to_safe")}</dt><dd>${left <= counted ? euros(counted - left) : "–"}</dd></div>
          <div class="sums-loud"><dt>${t("drawer.left")}</dt>
            <dd class="money-loud"><span role="status">${euros(left)}</span></dd></div>
        </dl>
        <div class="notes">
          <button type="button" class="note" data-left="float" disabled=${float > counted}
            onClick=${() => setLeft(float)}>${t("drawer.as_begun")}<small>${euros(float)}</small></button>
          <button type="button" class="note" data-left="all" onClick=${() => setLeft(counted)}>
            ${t("drawer.all")}<small>${euros(counted)}</small></button>
          <button type="button" class="note" data-left="none" onClick=${() => setLeft(0)}>
            ${t("drawer.nothing")}<small>${euros(0)}</small></button>
        </div>
        <label class="drawer-reason"><span>${t("drawer.note")}</span>
          <input type="text" maxlength="200" autocomplete="off" value=${note} data-field="note"
            onInput=${(event) => setNote(event.target.value)} /></label>
      </div>
      <div class="cash-pad">
        <${Pad} extra="00" onDigits=${(digits) => setLeft(typeDigit(left, digits))}
          onErase=${() => setLeft((left - (left % 10)) / 10)} />
        <button type="button" class="primary-button" data-act="close-shift"
          disabled=${left > counted} onClick=${send}>${t("drawer.close")}</button>
      </div>
    </div>
  </section>`;
}

function Last({ last }) {
  const { variance_cents: variance } = last;
  return html`<div class="paper" data-last=${last.number}>
    <p class="paper-meta">${t("drawer.last", { number: last.number, time: hour(last.closed_at),
      who: last.closed_by })}</p>
    <ul class="paper-tenders">
      <li><span>${t("drawer.counted")}</span><span class="paper-money">${euros(last.counted_cents)}</span></li>
      <li><span>${t("drawer.left")}</span><span class="paper-money">${euros(last.left_cents)}</span></li>
      ${variance !== null && html`<li data-variance=${variance}
        class=${variance ? "tone-text-attention" : "tone-text-ok"}>
        <span><${Icon} name=${variance ? "warning" : "check"} />${t("drawer.difference")}</span>
        <span class="paper-money">${euros(variance)}</span></li>`}
    </ul>
    ${last.note && html`<p class="paper-meta">${last.note}</p>`}
  </div>`;
}

/** The sequence of what moved by hand in this shift. */
function Moved({ moved }) {
  return moved.length > 0 && html`<ul class="paper-tenders drawer-moved">
    ${moved.map((one) => html`<li key=${one.moved_at}>
      <span>${one.reason}<small>${hour(one.moved_at)} · ${one.operator}</small></span>
      <span class="paper-money">${euros(one.amount_cents)}</span></li>`)}
  </ul>`;
}

export function Drawer() {
  const [doing, setDoing] = useState("");
  const [count, setCount] = useState({});
  useEffect(() => { readDrawer(); }, []);
  const now = drawer.value;
  const { shift = null, last = null } = now ?? {};
  const end = () => setDoing("");

  function startCount() {
    setCount(shift?.count ?? {});
    setDoing("count");
  }
  function change(next) {
    setCount(next);
    if (shift) keep(next);
  }
  async function giveUp() {
    end();
    if (shift) await giveUpCount();
  }
  async function counted() {
    if (shift) setDoing("leave");
    else if (await begin(count)) end();
  }

  if (doing === "count") {
    return html`<${Count} count=${count} denominations=${now.denominations} onChange=${change}
      onBack=${giveUp} onDone=${counted} title=${shift ? t("drawer.count") : t("drawer.begin")}
      done=${shift ? t("drawer.count.done") : t("drawer.begin.done")} />`;
  }
  if (doing === "leave" && shift) {
    return html`<${Leave} count=${count} float=${shift.float_cents} onBack=${() => setDoing("count")} />`;
  }
  if (doing === "in" || doing === "out") return html`<${Move} kind=${doing} onEnd=${end} />`;
  if (doing === "kick") return html`<${Kick} onEnd=${end} />`;
  return html`<section class="pane detail-pane drawer-pane">
    <${PaneHead} title=${t("drawer.title")} onBack=${() => go("")} />
    ${now && !shift && html`
      <p class="drawer-hint">${t("drawer.none")}</p>
      ${last && html`<${Last} last=${last} />`}
      <div class="pane-foot"><button type="button" class="primary-button" data-act="begin-count"
        onClick=${startCount}><${Icon} name="cash" />${t("drawer.begin")}</button></div>`}
    ${shift && html`
      <div class="paper" data-shift=${shift.number} data-state=${shift.state}>
        <p class="paper-meta">${t("drawer.since", { number: shift.number,
          time: hour(shift.opened_at), who: shift.opened_by })}</p>
        <ul class="paper-tenders"><li><span>${t("drawer.float")}</span>
          <span class="paper-money">${euros(shift.float_cents)}</span></li></ul>
        <${Moved} moved=${shift.moved} />
      </div>
      <div class="pane-foot">
        <button type="button" class="way" data-act="cash-in" onClick=${() => setDoing("in")}>
          <${Icon} name="plus" />${t("drawer.in")}</button>
        <button type="button" class="way" data-act="cash-out" onClick=${() => setDoing("out")}>
          <${Icon} name="minus" />${t("drawer.out")}</button>
        <button type="button" class="way" data-act="open-drawer" onClick=${() => setDoing("kick")}>
          <${Icon} name="cash" />${t("drawer.open")}</button>
        <button type="button" class="primary-button" data-act="begin-count" onClick=${startCount}>
          <${Icon} name="sum" />${shift.state === "counting" ? t("drawer.count.on") : t("drawer.count")}</button>
      </div>`}
  </section>`;
}
