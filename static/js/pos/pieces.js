// The small things every pane is made of.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { notice } from "./state.js";
import { offer, takeBack } from "./undo.js";

/** How each standing of a sale looks: tone, sign and word always together. */
const STANDINGS = {
  open: ["calm", "hourglass"],
  seen: ["waiting", "eye"],
  paid: ["ok", "check"],
  expired: ["attention", "clock"],
  unpaid: ["attention", "warning"],
  cancelled: ["quiet", "cross"],
};

const STANDING_WORDS = {
  open: () => t("standing.open"),
  seen: () => t("standing.seen"),
  paid: () => t("standing.paid"),
  expired: () => t("standing.expired"),
  unpaid: () => t("standing.unpaid"),
  cancelled: () => t("standing.cancelled"),
};

export const toneOf = (standing) => STANDINGS[standing][0];
export const signOf = (standing) => STANDINGS[standing][1];
export const wordOf = (standing) => STANDING_WORDS[standing]();

export function Badge({ standing }) {
  return html`<span class="badge tone-${toneOf(standing)}">
    <${Icon} name=${signOf(standing)} />${wordOf(standing)}
  </span>`;
}

export const initials = (name) =>
  name.split(/[\s-]+/).filter(Boolean).slice(0, 2).map((part) => part[0].toUpperCase()).join("");

/** A colour from the catalogue: a name of our palette, or the venue's own #rrggbb. */
export function hue(colour) {
  if (/^#[0-9a-f]{6}$/i.test(colour || "")) return { style: { "--hue": colour } };
  return { "data-hue": colour || "slate" };
}

/**
 * The head of a pane: back, what this is, and on the right whatever belongs to it. The title takes
 * the focus, so that keys no longer go to the button that led here.
 */
export function PaneHead({ title, onBack, children }) {
  const heading = useRef(null);
  useEffect(() => heading.current.focus({ preventScroll: true }), []);
  return html`<header class="pane-head">
    <button type="button" class="quiet-button back" data-act="back" onClick=${onBack}>
      <${Icon} name="back" />${t("back")}
    </button>
    <h1 tabindex="-1" ref=${heading}>${title}</h1>
    ${children}
  </header>`;
}

const SETTLING_MS = 300;

/**
 * True for the first moments after `place` has changed: the second half of a double tap, of a wet or
 * hurried finger, must not act on what has just come under it.
 */
export function useSettling(place, isNeeded) {
  const [settled, setSettled] = useState(place);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(place), SETTLING_MS);
    return () => clearTimeout(timer);
  }, [place]);
  return isNeeded && settled !== place;
}

/** Takes the focus when it appears, so that Enter does what the screen offers first. */
export function FirstButton({ children, ...rest }) {
  const button = useRef(null);
  useEffect(() => button.current?.focus({ preventScroll: true }), []);
  // A key that is still held from the screen before does not count here.
  const held = (event) => event.repeat && event.preventDefault();
  return html`<button type="button" ref=${button} onKeyDown=${held} ...${rest}>${children}</button>`;
}

const NOTICE_SIGNS = { danger: "warning", attention: "warning", ok: "check", waiting: "hourglass" };

/** What happened, why, what to do now. Stays until it is put away; blocks nothing. */
export function Notice() {
  const { value } = notice;
  if (!value) return null;
  return html`<div class="notice tone-${value.kind}" role="alert">
    <${Icon} name=${NOTICE_SIGNS[value.kind]} />
    <div class="notice-text"><strong>${value.title}</strong> ${value.advice}</div>
    ${value.again && html`<button type="button" class="notice-button" onClick=${() => {
      notice.value = null;
      value.again();
    }}>${t("again")}</button>`}
    <button type="button" class="notice-button" onClick=${() => { notice.value = null; }}>
      ${t("understood")}
    </button>
  </div>`;
}

/** `floats`: over the products of a phone; elsewhere it has a place of its own in the paper. */
export function Undo({ floats = false }) {
  const { value } = offer;
  return html`<div class=${floats ? "undo-place undo-floats" : "undo-place"} role="status">
    ${value && html`<div class="undo" key=${value.id}>
      <span>${value.text}</span>
      <button type="button" class="undo-button" data-act="undo" onClick=${takeBack}>
        <${Icon} name="undo" />${t("undo")}
      </button>
    </div>`}
  </div>`;
}

/** A finger or mouse leaves the focus where it is, so that Enter keeps its meaning. */
export const keepFocus = (event) => event.preventDefault();

/** While an input has the keyboard, digits are its own. */
export const isTyping = (event) => event.target.closest?.("input, textarea, select") !== null;

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Ten digits for fingers and for the keyboard. `extra` is the key left of zero ("00", or none). */
export function Pad({ onDigits, onErase, onEnter, extra }) {
  const latest = useRef();
  latest.current = { onDigits, onErase, onEnter };
  // Before the pad is painted, or the first digits of a quick hand fall beside it.
  useLayoutEffect(() => {
    const pressed = (event) => {
      if (isTyping(event) || event.ctrlKey || event.altKey || event.metaKey) return;
      if (/^[0-9]$/.test(event.key)) latest.current.onDigits(event.key);
      else if (event.key === "Backspace") latest.current.onErase();
      else if (event.key === "Enter" && latest.current.onEnter
        && !event.target.closest?.("button, a")) latest.current.onEnter();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
  const key = (digits) => html`<button type="button" class="pad-key" data-key=${digits}
    onMouseDown=${keepFocus} onClick=${() => onDigits(digits)}>${digits}</button>`;
  return html`<div class="pad" role="group" aria-label=${t("pad")}>
    ${KEYS.map(key)}
    ${extra ? key(extra) : html`<span></span>`}
    ${key("0")}
    <button type="button" class="pad-key" data-key="erase" aria-label=${t("pad.erase")}
      onMouseDown=${keepFocus} onClick=${onErase}><${Icon} name="erase" /></button>
  </div>`;
}
