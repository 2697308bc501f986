// What this till knows, as signals. Only facts live here; what follows from them is computed where
// it is shown, and what changes them is in session, catalogue, cart, payment and sales.

import { computed, signal } from "@preact/signals";
import { formatCents, formatOsm } from "../money.js";
import { language } from "../words.js";

/** starting | unreachable | enrol | sign_on | open */
export const stage = signal("starting");
/** GET /api/till/: venue, station, staff, who is signed on, OSM, printer. */
export const boot = signal(null);
/** GET /api/pos/catalogue/: one immutable version. */
export const catalogue = signal(null);
/** GET /api/pos/quote/: the rate OSM is asked at just now, or null. */
export const quote = signal(null);
/** Whether the websocket is up; false means we poll. */
export const liveLine = signal(false);
/** False while requests get no answer at all. */
export const reachable = signal(true);
/** What went wrong or deserves a word: {kind, title, advice}. Never modal. */
export const notice = signal(null);
/** Said aloud to those who do not see the screen. */
export const announcement = signal("");
/** A phone: one pane at a time, the cart is a sheet. */
export const narrow = signal(false);

export const person = computed(() => boot.value?.signed_on ?? null);
export const zone = computed(() => boot.value?.venue.zone ?? "Europe/Paris");

export const may = (permission) => Boolean(person.value?.permissions.includes(permission));
export const euros = (cents) => formatCents(cents, language);
export const coins = (units) => formatOsm(units, language, boot.value?.osm.symbol ?? "OSM");

/** Hours and minutes of an instant, in the venue's zone. */
export function hour(instant) {
  return new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone.value,
  }).format(new Date(instant));
}

/** A calendar day ("2026-11-22") as people write it; anything else (a month) as it is. */
export function day(text) {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  return new Intl.DateTimeFormat(language, { dateStyle: "short", timeZone: "UTC" })
    .format(new Date(`${text}T00:00:00Z`));
}

/** Say it to a screen reader, even when it is the same sentence as before. */
export function announce(sentence) {
  announcement.value = sentence === announcement.value ? `${sentence}\u00a0` : sentence;
}

export function watchWidth() {
  const phone = window.matchMedia("(max-width: 719px)");
  narrow.value = phone.matches;
  phone.addEventListener("change", () => {
    narrow.value = phone.matches;
  });
}
