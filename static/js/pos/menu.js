// What is not needed while serving: the language, the sound, the totals of the day, the lock.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isMuted, mute } from "../sound.js";
import { language, speak, t } from "../words.js";
import { FarmItem } from "./amap.js";
import { ArrivalsItem } from "./arrivals-pane.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { isMenuOpen } from "./menu-state.js";
import { initials } from "./pieces.js";
import { go } from "./routes.js";
import { signOff } from "./session.js";
import { boot, may, person } from "./state.js";
import { TrainingItem } from "./training.js";

const muted = signal(isMuted());

const LANGUAGES = [["fr", "Français"], ["en", "English"]];

export function LanguageChoice() {
  return html`<div class="languages" role="group" aria-label=${t("language")}>
    ${LANGUAGES.map(([code, name]) => html`<button type="button" key=${code} lang=${code}
      aria-pressed=${language.startsWith(code)} onClick=${() => speak(code)}>${name}</button>`)}
  </div>`;
}

function toggleSound() {
  muted.value = !muted.value;
  mute(muted.value);
}

function lock() {
  isMenuOpen.value = false;
  // Locked here at once; should the server not hear of it, the shift ends there with the next one.
  signOff().catch(() => {});
}

export function Menu() {
  const place = useRef(null);
  useEffect(() => {
    const outside = (event) => {
      if (!place.current.contains(event.target)) isMenuOpen.value = false;
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const who = person.value;
  return html`<div class="menu" ref=${place}>
    <button type="button" class="menu-button" data-act="menu" aria-expanded=${isMenuOpen.value}
      aria-controls="menu" onClick=${() => { isMenuOpen.value = !isMenuOpen.value; }}>
      <span class="face-initials" aria-hidden="true">${initials(who.name)}</span>
      <span class="menu-name">${who.name}</span>
      <${Icon} name="menu" />
    </button>
    ${isMenuOpen.value && html`<div class="menu-panel" id="menu">
      ${may("sell") && !boot.value.training && html`<button type="button" class="menu-item" data-act="collect"
        onClick=${() => { isMenuOpen.value = false; go("collect"); }}>
        <${Icon} name="cash" />${t("collect.title")}</button>`}
      ${!boot.value.training && html`<${ArrivalsItem} /><${FarmItem} />`}
      ${may("sell") && !boot.value.training && html`<button type="button" class="menu-item" data-act="drawer"
        onClick=${() => { isMenuOpen.value = false; go("drawer"); }}>
        <${Icon} name="drawer" />${t("drawer.title")}</button>`}
      <${TrainingItem} />
      ${may("read_x") && html`<button type="button" class="menu-item" data-act="totals"
        onClick=${() => { isMenuOpen.value = false; go("totals"); }}>
        <${Icon} name="sum" />${t("totals.title")}</button>`}
      <button type="button" class="menu-item" aria-pressed=${!muted.value} onClick=${toggleSound}>
        <${Icon} name=${muted.value ? "silent" : "sound"} />
        ${muted.value ? t("sound.off") : t("sound.on")}
      </button>
      <${LanguageChoice} />
      <button type="button" class="menu-item menu-lock" data-act="lock" onClick=${lock}>
        <${Icon} name="lock" />${t("lock")}</button>
    </div>`}
  </div>`;
}
