// Who comes today: checked in by a code held under the scanner, a name, or a press. Whatever was
// pressed by mistake is pressed back.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, post } from "../http.js";
import { t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { isMenuOpen } from "./menu-state.js";
import { PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { announce, boot, euros, hour, may } from "./state.js";

const WAIT_MS = 250;
const FRESH_MS = 60_000;
const STATES = {
  expected: ["calm", "hourglass", () => t("arrivals.expected")],
  here: ["ok", "check", () => t("arrivals.here")],
  gone: ["quiet", "check", () => t("arrivals.gone")],
  missing: ["attention", "cross", () => t("arrivals.missing")],
};
/** What one may press next, the likeliest first. */
const NEXT = {
  expected: [["here", "check", () => t("arrivals.note.here")], ["missing", "cross", () => t("arrivals.note.missing")]],
  here: [["gone", "check", () => t("arrivals.note.gone")], ["expected", "undo", () => t("arrivals.note.expected")]],
  gone: [["here", "undo", () => t("arrivals.note.expected")]],
  missing: [["here", "check", () => t("arrivals.note.here")], ["expected", "undo", () => t("arrivals.note.expected")]],
};

const stays = signal(null);
let asked = 0;

/** Only the answer to the newest question counts. */
async function read(text) {
  asked += 1;
  const mine = asked;
  const found = (await get(`/api/bookings-desk/arrivals/?q=${encodeURIComponent(text.trim())}`)).stays;
  if (mine !== asked) return null;
  stays.value = found;
  return found;
}

async function note(stay, attendance) {
  const now = await post(`/api/bookings-desk/stays/${stay.id}/attendance/`, { attendance });
  stays.value = (stays.value ?? []).map((one) => (one.id === now.id ? now : one));
  announce(`${now.name}: ${STATES[now.attendance][2]()}`);
}

/** The way in, where anything is let. */
export function ArrivalsItem() {
  if (!boot.value.lets || !may("see_bookings")) return null;
  return html`<button type="button" class="menu-item" data-act="arrivals"
    onClick=${() => { isMenuOpen.value = false; go("arrivals"); }}>
    <${Icon} name="user" />${t("arrivals.title")}</button>`;
}

function Stay({ stay }) {
  const [tone, sign, word] = STATES[stay.attendance];
  const isConfirmed = stay.state === "confirmed";
  return html`<li class="arrival" data-stay=${stay.code} data-attendance=${stay.attendance}>
    <div class="row arrival-row">
      <span class="arrival-time">${hour(stay.starts_at)}<small>${hour(stay.ends_at)}</small></span>
      <span class="row-what">${stay.name}
        <small>${[stay.count > 1 ? `${stay.count} × ${stay.space}` : stay.space, stay.code].join(" · ")}</small></span>
      ${isConfirmed
        ? html`<span class="badge tone-${tone}"><${Icon} name=${sign} />${word()}</span>`
        : html`<span class="badge tone-attention"><${Icon} name="warning" />${t("arrivals.unpaid", { amount: euros(stay.owed_cents) })}</span>`}
    </div>
    <div class="arrival-acts">
      ${isConfirmed && NEXT[stay.attendance].map(([to, icon, label]) => html`<button type="button" class="way" key=${to}
        data-act="note-${to}" onClick=${() => attemptOnce(() => note(stay, to))}><${Icon} name=${icon} />${label()}</button>`)}
      ${!isConfirmed && stay.due_code && html`<button type="button" class="way" data-act="arrival-collect"
        onClick=${() => go("collect")}><${Icon} name="cash" />${t("collect.title")} · ${stay.due_code}</button>`}
    </div>
  </li>`;
}

export function Arrivals() {
  const [text, setText] = useState("");
  const field = useRef(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    const look = () => attemptOnce(() => read(text));
    const soon = setTimeout(look, text ? WAIT_MS : 0);
    const later = setInterval(() => read(text).catch(() => {}), FRESH_MS);
    return () => { clearTimeout(soon); clearInterval(later); };
  }, [text]);

  /** A scanner ends with Enter: who it names is here, and the field is free for the next. */
  function enter(event) {
    event.preventDefault();
    attemptOnce(async () => {
      const found = await read(text);
      if (found?.length !== 1 || found[0].state !== "confirmed" || found[0].attendance !== "expected") return;
      await note(found[0], "here");
    });
  }

  const list = stays.value ?? [];
  return html`<section class="pane arrivals-pane">
    <${PaneHead} title=${t("arrivals.title")} onBack=${() => go("")} />
    <form class="field collect-search" onSubmit=${enter}>
      <label for="arrivals-text">${t("arrivals.search")}</label>
      <input id="arrivals-text" ref=${field} value=${text} type="search" maxlength="60" autocomplete="off"
        enterkeyhint="search" onInput=${(event) => setText(event.currentTarget.value)} />
    </form>
    <ul class="rows" aria-live="polite">${list.map((stay) => html`<${Stay} key=${stay.id} stay=${stay} />`)}</ul>
    ${stays.value && !list.length && html`<p class="empty"><${Icon} name="user" />${text ? t("arrivals.none") : t("arrivals.nobody")}</p>`}
  </section>`;
}
