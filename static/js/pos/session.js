// Who stands at which till: from a browser nobody knows, over an enrolled station, to a person whose
// PIN opened it. And the live line, which is up while somebody is signed on.

import { batch, effect, signal } from "@preact/signals";
import { get, NoAnswer, post, Problem } from "../http.js";
import { listen } from "../live.js";
import { lines } from "./cart.js";
import { load as loadCatalogue } from "./catalogue.js";
import { loadQuote } from "./quote.js";
import { route } from "./routes.js";
import { forgetAll, readRecent, readSale, sales, standing, waiting } from "./sales.js";
import { boot, liveLine, reachable, stage } from "./state.js";

const POLL_DOWN_MS = 1000; // the line is dead and somebody waits for money: green within 2 s
const POLL_SEEN_MS = 2000; // the line seems well, a block is due and eyes are on the screen
const POLL_WAITING_MS = 5000;
const POLL_IDLE_MS = 30_000;
const BOOT_MS = 60_000;
const BOOT_FRESH_MS = 3000;
const BOOT_ANXIOUS_MS = 10_000;
const AGAIN_MS = 2000;

/** Things to do when an answer comes again after silence. */
const backAgain = new Set();
export const onceReachable = (callback) => backAgain.add(callback);

/** Whether the very first reading failed: {} while the till cannot even say who it is. */
export const openingFailed = signal(false);

/** The catalogue may have changed; it is read again between two customers, never under one. */
const catalogueMoved = signal(false);

let line = null;
let bootReadAt = 0;

/** Counts who comes and goes here: an answer to something asked before is not about who is here now. */
let shifts = 0;
export const shiftNow = () => shifts;

/** Read who we are; decides which screen there is. */
export async function readBoot() {
  const since = shifts;
  let answer;
  try {
    answer = await get("/api/till/");
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      lost(error, since);
      return;
    }
    throw error;
  }
  if (since !== shifts) return;
  bootReadAt = Date.now();
  batch(() => {
    boot.value = answer;
    if (stage.value !== "open" || !answer.signed_on) {
      stage.value = answer.signed_on ? "open" : "sign_on";
    }
  });
}

/**
 * A 401 to something asked during shift `since`: somebody ended our session, or this browser is no
 * station (any more). True when that is so still.
 */
export function lost(problem, since) {
  if (since !== shifts) return false;
  if (problem.code.startsWith("station_")) {
    boot.value = null;
    stage.value = "enrol";
  } else if (boot.value) {
    boot.value = { ...boot.value, signed_on: null };
    stage.value = "sign_on";
  } else {
    stage.value = "enrol";
  }
  return true;
}

export async function start() {
  try {
    await readBoot();
    openingFailed.value = false;
  } catch {
    openingFailed.value = true;
    stage.value = "unreachable";
    setTimeout(start, AGAIN_MS);
  }
}

export async function enrol(code) {
  await post("/api/stations/enrol/", { code });
  await start();
}

export async function signOn(staff, pin) {
  const answer = await post("/api/till/sign-on/", { staff, pin });
  shifts += 1;
  batch(() => {
    boot.value = { ...boot.value, signed_on: answer.signed_on };
    stage.value = "open";
  });
}

export async function signOff() {
  shifts += 1;
  batch(() => {
    boot.value = { ...boot.value, signed_on: null };
    stage.value = "sign_on";
  });
  await post("/api/till/sign-off/");
}

// -- while somebody is signed on ----------------------------------------------------------------

/** Run one reading; remember whether anybody answers at all. */
async function read(work) {
  const since = shifts;
  try {
    await work();
    const wasSilent = !reachable.value;
    reachable.value = true;
    if (wasSilent) for (const callback of backAgain) callback();
  } catch (error) {
    if (error instanceof NoAnswer) reachable.value = false;
    else if (error instanceof Problem && error.status === 401) lost(error, since);
    else if (!(error instanceof Problem)) throw error;
  }
}

function look() {
  read(readRecent);
  if (Date.now() - bootReadAt > BOOT_FRESH_MS) read(readBoot);
}

function hint({ topic = "", key, version }) {
  if (topic === "chain") {
    read(readBoot); // OSM can be taken again, or no longer
    return;
  }
  if (topic.startsWith("venue.")) {
    read(readBoot);
    catalogueMoved.value = true;
    return;
  }
  if (!key) {
    look();
  } else if ((sales.value.get(key)?.version ?? -1) < version) {
    read(() => readSale(key));
  }
}

let pollTimer = 0;

function pause() {
  if (!waiting.value.length) return POLL_IDLE_MS;
  if (!liveLine.value) return POLL_DOWN_MS;
  const { key } = route.value;
  const watched = waiting.value.find((sale) => sale.key === key);
  return watched && standing(watched) === "seen" ? POLL_SEEN_MS : POLL_WAITING_MS;
}

function plan() {
  clearTimeout(pollTimer);
  if (stage.value !== "open") return;
  pollTimer = setTimeout(async () => {
    await read(readRecent);
    const { available, state } = boot.value?.osm ?? {};
    const limit = available && state === "live" ? BOOT_MS : BOOT_ANXIOUS_MS;
    if (Date.now() - bootReadAt > limit) await read(readBoot);
    plan();
  }, pause());
}

function open() {
  read(loadCatalogue);
  read(readRecent);
  loadQuote().catch(() => {});
  line = listen({
    url: boot.peek().live_url,
    onHint: hint,
    onLook: look,
    onState: (up) => {
      liveLine.value = up;
    },
  });
}

function close() {
  line?.stop();
  line = null;
  liveLine.value = false;
  forgetAll();
}

/** Keep the line and the polls in step with the stage, for as long as the page lives. */
export function keepWatch() {
  let isOpen = false;
  effect(() => {
    const opened = stage.value === "open";
    if (opened === isOpen) return;
    isOpen = opened;
    if (opened) open();
    else close();
  });
  effect(() => {
    if (!catalogueMoved.value || lines.value.length || stage.value !== "open") return;
    catalogueMoved.value = false;
    read(loadCatalogue);
  });
  effect(plan);
}
