// Who is at the till: a face, then a PIN. By finger or by keyboard.

import { useRef, useState } from "preact/hooks";
import { NoAnswer } from "../http.js";
import { t } from "../words.js";
import { hours } from "./clock.js";
import { html } from "./html.js";
import { Icon, OsmMark } from "./icons.js";
import { LanguageChoice } from "./menu.js";
import { unsent } from "./payment.js";
import { FirstButton, initials, Pad } from "./pieces.js";
import { signOn } from "./session.js";
import { boot } from "./state.js";

const LONGEST_PIN = 12;
const SHORTEST_PIN = 4;

const ROLES = {
  manager: () => t("role.manager"),
  cashier: () => t("role.cashier"),
  desk: () => t("role.desk"),
  gate: () => t("role.gate"),
  treasurer: () => t("role.treasurer"),
  auditor: () => t("role.auditor"),
  coordinator: () => t("role.coordinator"),
};

export function SignOn() {
  const [who, setWho] = useState(null);
  const { venue, station, staff } = boot.value;
  return html`<main class="door">
    <div class="door-card door-wide">
      <div class="door-head">
        <div class="door-mark"><${OsmMark} /></div>
        <div><h1>${venue.name}</h1><p>${station.name}<span class="door-clock">${hours.value}</span></p></div>
      </div>
      ${unsent.value && html`<p class="tone-text-attention"><${Icon} name="warning" />
        <span>${t("sign_on.unsent")}</span></p>`}
      ${who ? html`<${PinEntry} key=${who.id} who=${who} onBack=${() => setWho(null)} />`
        : html`<${Faces} staff=${staff} onChoose=${setWho} />`}
    </div>
    <${LanguageChoice} />
  </main>`;
}

function Faces({ staff, onChoose }) {
  if (!staff.length) {
    return html`<p class="empty"><${Icon} name="user" />${t("sign_on.nobody")}</p>`;
  }
  return html`<h2>${t("sign_on.who")}</h2>
    <ul class="faces">
      ${staff.map((one) => html`<li key=${one.id}>
        <button type="button" class="face" data-staff=${one.id} onClick=${() => onChoose(one)}>
          <span class="face-initials" aria-hidden="true">${initials(one.name)}</span>
          <span class="face-name">${one.name}</span>
          <span class="face-role">${ROLES[one.role]?.() ?? one.role}</span>
        </button>
      </li>`)}
    </ul>`;
}

function PinEntry({ who, onBack }) {
  const [pin, setPin] = useState("");
  const [problem, setProblem] = useState(null);
  const busy = useRef(false);
  const typed = useRef("");

  function change(next) {
    typed.current = next.slice(0, LONGEST_PIN);
    setPin(typed.current);
    setProblem(null);
  }

  async function submit() {
    if (busy.current || typed.current.length < SHORTEST_PIN) return;
    busy.current = true;
    try {
      await signOn(who.id, typed.current);
    } catch (error) {
      change("");
      setProblem(error instanceof NoAnswer
        ? { title: t("silence.title"), advice: t("silence.advice") }
        : { title: error.title || t("error.unexpected"), advice: error.advice });
    } finally {
      busy.current = false;
    }
  }

  return html`<div class="pin">
    <div class="pin-who">
      <button type="button" class="quiet-button" data-act="back" onClick=${onBack}>
        <${Icon} name="back" />${t("back")}
      </button>
      <h2>${who.name}</h2>
    </div>
    <div class=${problem ? "pin-dots is-wrong" : "pin-dots"} aria-hidden="true">
      ${Array.from({ length: Math.max(4, pin.length) }, (_, index) =>
        html`<span class=${index < pin.length ? "pin-dot is-typed" : "pin-dot"} key=${index}></span>`)}
    </div>
    <p class="visually-hidden" role="status">${t("sign_on.typed", { count: pin.length })}</p>
    <div class="pin-problem" role="alert">
      ${problem && html`<p class="tone-text-danger"><${Icon} name="warning" />
        <span><strong>${problem.title}</strong> ${problem.advice}</span></p>`}
    </div>
    <${Pad} onDigits=${(digit) => change(typed.current + digit)}
      onErase=${() => change(typed.current.slice(0, -1))} onEnter=${submit} />
    <${FirstButton} class="primary-button" data-act="sign-on" disabled=${pin.length < SHORTEST_PIN}
      onClick=${submit}>${t("sign_on.go")}</${FirstButton}>
  </div>`;
}
