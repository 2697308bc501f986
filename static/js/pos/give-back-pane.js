// Giving money back: what comes back, why, and how. Large targets, one hand, no question twice; what
// was sent is sent again with the same key until an answer comes.

import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { kindWord } from "./detail.js";
import {
  backCents, corrections, isOtherWay, learnCorrections, nameOf, piecesOf, readCorrections, tendersFor,
  totalBack, wantedLines,
} from "./give-back.js";
import { html } from "./html.js";
import { Icon, OsmMark } from "./icons.js";
import { keepFocus, PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { readRecent, readSale, sales } from "./sales.js";
import { announce, euros, notice } from "./state.js";

const REASONS = [
  () => t("back.reason.mistake"), () => t("back.reason.spilt"), () => t("back.reason.taste"),
  () => t("back.reason.wait"),
];
const DONE = {
  cash: (amount) => t("back.done.cash", { amount }),
  card: (amount) => t("back.done.card", { amount }),
  osm: (amount) => t("back.done.osm", { amount }),
};

function Line({ line, chosen, choose }) {
  const name = nameOf(line);
  const whole = piecesOf(line);
  const taken = chosen.has(name);
  const pieces = chosen.get(name);
  const now = pieces === null ? whole : pieces;
  const toggle = () => choose(name, taken ? undefined : whole);
  return html`<li class="back-line" data-taken=${taken}>
    <button type="button" class="row due-row back-row" data-back=${name} aria-pressed=${taken} onClick=${toggle}>
      <span class="due-mark" aria-hidden="true">${taken && html`<${Icon} name="check" />`}</span>
      <span class="row-what">${line.label}
        <small>${t("back.of", { count: whole ?? line.quantity_milli / 1000, amount: euros(line.total_cents) })}</small></span>
      <span class="row-money">${taken ? euros(backCents(line, pieces ?? null)) : ""}</span>
    </button>
    ${taken && whole > 1 && html`<span class="line-steps">
      <button type="button" class="step" disabled=${now <= 1} onMouseDown=${keepFocus} data-less=${name}
        aria-label=${t("cart.less", { label: line.label })} onClick=${() => choose(name, now - 1)}>
        <${Icon} name="minus" /></button>
      <span class="line-quantity" data-pieces=${now}>${now}</span>
      <button type="button" class="step" disabled=${now >= whole} onMouseDown=${keepFocus}
        aria-label=${t("cart.more", { label: line.label })} onClick=${() => choose(name, now + 1)}>
        <${Icon} name="plus" /></button>
    </span>`}
  </li>`;
}

function Ways({ held, kind, setKind }) {
  const other = ["cash", "card"].filter((one) => !held.some((tender) => tender.kind === one));
  const way = (one, isOther) => html`<button type="button" class="way" key=${one} data-act="back-${one}"
    aria-pressed=${kind === one} onMouseDown=${keepFocus} onClick=${() => setKind(one)}>
    ${one === "osm" ? html`<${OsmMark} />` : html`<${Icon} name=${one} />`}
    <span>${kindWord(one)}${isOther && html` <small class="way-small">${t("back.other")}</small>`}</span></button>`;
  return html`<div class="back-ways" role="group" aria-label=${t("back.how")}>
    ${held.map((tender) => way(tender.kind, false))}${other.map((one) => way(one, true))}</div>`;
}

function Field({ id, label, value, onInput, numeric = false }) {
  return html`<label class="field" for=${id}><span>${label}</span>
    <input id=${id} value=${value} maxlength="120" autocomplete="off" inputmode=${numeric ? "numeric" : "text"}
      onInput=${(event) => onInput(event.currentTarget.value)} /></label>`;
}

export function GiveBack({ saleKey }) {
  const view = corrections.value.get(saleKey);
  const [chosen, setChosen] = useState(new Map());
  const [reason, setReason] = useState("");
  const [kind, setKind] = useState(null);
  const [authorisation, setAuthorisation] = useState("");
  const [why, setWhy] = useState("");
  const [isBusy, setBusy] = useState(false);
  const sent = useRef({ text: "", key: "" });
  useEffect(() => {
    attemptOnce(() => readCorrections(saleKey));
    if (!sales.value.has(saleKey)) attemptOnce(() => readSale(saleKey));
  }, [saleKey]);
  const back = () => go(`detail/${saleKey}`);
  if (!view) {
    return html`<section class="pane" aria-busy="true"><${PaneHead} title=${t("back.title")} onBack=${back} />
      <p class="empty">${t("sale.loading")}</p></section>`;
  }
  const { lines, tenders: held } = view;
  const whole = new Map(lines.map((line) => [nameOf(line), piecesOf(line)]));
  const cents = totalBack(lines, chosen);
  const isAll = lines.length > 0 && lines.every((line) => chosen.get(nameOf(line)) === piecesOf(line)
    && chosen.has(nameOf(line)));
  const way = kind ?? held[0]?.kind ?? "cash";
  const tenders = tendersFor(way, cents, held);
  const needsWhy = isOtherWay(tenders, held);
  const byCard = tenders.some((one) => one.kind === "card");
  /** What is still missing: the field it is typed in, and a word; null when all is said. */
  function missing() {
    if (!chosen.size) return ["", t("back.missing.lines")];
    if (!reason.trim()) return ["back-reason", t("back.missing.reason")];
    if (needsWhy && !why.trim()) return ["back-other", t("back.other_why")];
    if (byCard && !authorisation.trim()) return ["back-authorisation", t("back.missing.authorisation")];
    return null;
  }
  const lacks = missing();

  function choose(name, pieces) {
    const next = new Map(chosen);
    const line = lines.find((one) => nameOf(one) === name);
    // What depends on the rest of its ticket only comes back with all of it.
    if (!line.divisible) setChosen(chosen.has(name) ? new Map() : whole);
    else {
      if (pieces === undefined) next.delete(name);
      else next.set(name, pieces);
      setChosen(next);
    }
  }

  async function give() {
    const body = {
      lines: isAll ? null : wantedLines(lines, chosen),
      total_cents: cents,
      tenders: tenders.map((one) => (one.kind === "card"
        ? { ...one, authorisation: authorisation.trim() } : one)),
      reason: reason.trim(),
      other_tender_reason: needsWhy ? why.trim() : "",
    };
    const text = JSON.stringify(body);
    if (sent.current.text !== text) sent.current = { text, key: uuid7() };
    const { key } = sent.current;
    setBusy(true);
    await attemptOnce(async () => {
      learnCorrections(await post(`/api/pos/sales/${saleKey}/refunds/`, { ...body, key }));
      announce(t("back.done", { amount: euros(cents) }));
      notice.value = {
        kind: "ok",
        title: t("back.done", { amount: euros(cents) }),
        advice: tenders.map((one) => DONE[one.kind](euros(one.amount_cents))).join(" "),
      };
      go(`detail/${saleKey}`);
      Promise.all([readSale(saleKey), readRecent()]).catch(() => {});
    });
    setBusy(false);
  }

  return html`<section class="pane back-pane">
    <${PaneHead} title=${t("back.title")} onBack=${back} />
    ${!lines.length && html`<p class="empty"><${Icon} name="check" />${t("back.nothing")}</p>`}
    ${lines.length > 0 && html`
      <button type="button" class="way" data-act="back-all" aria-pressed=${isAll}
        onClick=${() => setChosen(isAll ? new Map() : whole)}>
        <${Icon} name="undo" />${t("back.all", { amount: euros(lines.reduce((sum, line) => sum + line.total_cents, 0)) })}</button>
      <ul class="rows">${lines.map((line) => html`<${Line} key=${nameOf(line)} line=${line} chosen=${chosen} choose=${choose} />`)}</ul>
      <h2 class="back-head">${t("back.why")}</h2>
      <div class="back-reasons" role="group" aria-label=${t("back.why")}>
        ${REASONS.map((word) => html`<button type="button" class="note" key=${word()} aria-pressed=${reason === word()}
          onClick=${() => setReason(word())}>${word()}</button>`)}
      </div>
      <${Field} id="back-reason" label=${t("back.reason")} value=${reason} onInput=${setReason} />
      <h2 class="back-head">${t("back.how")}</h2>
      <${Ways} held=${held} kind=${way} setKind=${setKind} />
      ${tenders.length > 1 && html`<p class="paper-meta" role="status">${tenders.map((one) => `${kindWord(one.kind)} ${euros(one.amount_cents)}`).join(" · ")}</p>`}
      ${needsWhy && html`<${Field} id="back-other" label=${t("back.other_why")} value=${why} onInput=${setWhy} />`}
      ${byCard && html`<p class="card-ask">${t("back.card")}</p>
        <${Field} id="back-authorisation" label=${t("back.authorisation")} value=${authorisation}
          onInput=${setAuthorisation} numeric />`}
      ${way === "osm" && html`<p class="card-ask">${t("back.osm")}</p>`}
      <div class="collect-now">
        ${lacks && html`<label class="back-missing" for=${lacks[0] || undefined}>${lacks[1]}</label>`}
        <button type="button" class="primary-button" data-act="give-back" data-cents=${cents}
          disabled=${lacks !== null || isBusy} onClick=${give}>${t("back.go", { amount: euros(cents) })}</button>
      </div>`}
  </section>`;
}
