// A gate: enrol, sign on, choose the session, then nothing but scans. Every scan has a key made
// here, so one that got no answer is sent again and still counts once.

import { get, NoAnswer, post } from "../http.js";
import { deviceStore } from "../storage.js";
import { uuid7 } from "../uuid7.js";
import { t, language } from "../words.js";
import { CameraTrouble, watch } from "./camera.js";
import { allowSound, signal, SIGNS } from "./signals.js";

const EVENT = "teraa.gate.event";
const AGAIN_MS = 1500;
const COUNT_EVERY_MS = 15_000;
const root = document.getElementById("gate");
const one = (name) => root.querySelector(`[data-${name}]`);
const form = (name) => root.querySelector(`[data-form="${name}"]`);

let facts = null;
let person = null;
let event = null;
let camera = null;
let waiting = Promise.resolve();

function show(stage) {
  root.dataset.stage = stage;
  if (stage !== "scan") stopCamera(); // nobody is to be let in by a page that is elsewhere
  for (const section of root.querySelectorAll("[data-show]")) {
    section.hidden = section.dataset.show !== stage;
  }
  if (stage === "scan") form("scan").elements.code.focus();
}

const moment = (instant, options) =>
  new Intl.DateTimeFormat(language, { timeZone: facts.venue.zone, ...options }).format(new Date(instant));
const day = (instant) => moment(instant, { weekday: "long", day: "numeric", month: "long" });
const hour = (instant) => moment(instant, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function button(title, detail, data, onPress) {
  const item = document.createElement("li");
  const press = document.createElement("button");
  press.type = "button";
  press.textContent = title;
  Object.assign(press.dataset, data);
  if (detail) {
    const small = document.createElement("small");
    small.textContent = detail;
    press.append(small);
  }
  press.addEventListener("click", () => onPress(press));
  item.append(press);
  return item;
}

function say({ tone, word = "", sentence = "", detail = "", more = "" }) {
  one("answer").dataset.tone = tone;
  one("sign").setAttribute("d", SIGNS[tone] ?? "");
  one("word").textContent = word;
  one("sentence").textContent = sentence;
  one("detail").textContent = detail;
  one("more").textContent = more;
}

const ready = () => say({ tone: "ready", sentence: t("ready") });

function count() {
  const here = facts.events.find((other) => other.id === event?.id);
  one("count").textContent = here ? `${here.inside} / ${here.sold}` : "";
  one("count").setAttribute("aria-label", here ? t("inside", here) : "");
}

// -- who and what ---------------------------------------------------------------------------------

async function start() {
  try {
    facts = await get("/api/ticketing/gate/");
  } catch (error) {
    if (error instanceof NoAnswer) setTimeout(start, AGAIN_MS);
    else show("enrol");
    return;
  }
  document.documentElement.dataset.accent = facts.venue.accent;
  document.title = `${facts.station.name} · ${facts.venue.name}`;
  if (facts.station.kind !== "gate") show("not_a_gate");
  else if (!facts.signed_on) askWho();
  else choose(deviceStore.read(EVENT));
}

function askWho() {
  const list = one("people");
  list.replaceChildren(
    ...facts.staff.map((who) =>
      button(who.name, "", { staff: who.id }, (press) => {
        person = who;
        for (const other of list.querySelectorAll("button")) other.removeAttribute("aria-pressed");
        press.setAttribute("aria-pressed", "true");
        form("sign-on").hidden = false;
        one("person").textContent = `${who.name} · PIN`;
        form("sign-on").elements.pin.focus();
      })),
  );
  if (!facts.staff.length) list.textContent = t("sign_on.nobody");
  form("sign-on").hidden = true;
  show("sign_on");
}

function choose(id) {
  event = facts.events.find((other) => other.id === id) ?? null;
  // One session today needs no question.
  if (!event && id !== "" && facts.events.length === 1) [event] = facts.events;
  if (event) {
    deviceStore.write(EVENT, event.id);
    one("event-title").textContent = event.title;
    count();
    ready();
    show("scan");
    return;
  }
  one("events").replaceChildren(
    ...facts.events.map((other) =>
      button(other.title, `${day(other.starts_at)}, ${hour(other.starts_at)}`, { event: other.id }, () =>
        choose(other.id))),
  );
  if (!facts.events.length) one("events").textContent = t("choose.nothing");
  show("choose");
}

function onSubmit(name, work) {
  const shown = form(name);
  shown.addEventListener("submit", async (submitted) => {
    submitted.preventDefault();
    const problem = shown.querySelector("[data-problem]");
    problem.textContent = "";
    try {
      await work(shown.elements);
      await start();
    } catch (error) {
      problem.textContent =
        error instanceof NoAnswer ? t("silence.title") : `${error.title} ${error.advice}`;
    }
  });
}

onSubmit("enrol", ({ code }) => post("/api/stations/enrol/", { code: code.value }));
onSubmit("sign-on", async ({ pin }) => {
  const typed = pin.value;
  pin.value = "";
  await post("/api/till/sign-on/", { staff: person.id, pin: typed });
});

// -- scans ------------------------------------------------------------------------------------------

function detailOf(answer) {
  const { number, category, holder, event: title } = answer.shown;
  const parts = [category, number && t("number", { number }), holder];
  if (answer.reason === "other_event") parts.unshift(title);
  return parts.filter(Boolean).join(" · ");
}

function moreOf(answer) {
  const { admitted_at: at, gate } = answer.shown;
  if (answer.reason === "already_admitted" && at) {
    return t("admitted", { day: day(at), hour: hour(at), gate });
  }
  if (answer.reason === "too_early") {
    return t("opens", { day: day(event.entry_at), hour: hour(event.entry_at) });
  }
  return "";
}

async function ask(wanted) {
  for (;;) {
    try {
      return await post("/api/ticketing/scans/", wanted);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      say({ tone: "waiting", sentence: t("silence.title"), detail: t("silence.advice") });
      await new Promise((resolve) => {
        setTimeout(resolve, AGAIN_MS);
      });
    }
  }
}

async function look(code) {
  say({ tone: "waiting", sentence: t("looking") });
  try {
    const answer = await ask({ key: uuid7(), event: event.id, code });
    say({
      tone: answer.tone,
      word: answer.word,
      sentence: answer.sentence,
      detail: detailOf(answer),
      more: moreOf(answer),
    });
    one("answer").dataset.reason = answer.reason;
    signal(answer.tone);
    if (answer.admitted) {
      const here = facts.events.find((other) => other.id === event.id);
      here.inside += 1;
      count();
    } else {
      recount(); // others admit, too
    }
  } catch (error) {
    if (error.status === 401) {
      await start();
      return;
    }
    say({ tone: "attention", sentence: error.title || t("silence.title"), detail: error.advice });
    signal("attention");
  }
}

/** One after the other: a hand scanner is quicker than a network. */
function scan(code) {
  const text = code.trim();
  if (text) waiting = waiting.then(() => look(text));
}

form("scan").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const field = submitted.currentTarget.elements.code;
  scan(field.value);
  field.value = "";
  field.focus();
});

// A hand scanner types wherever the focus is; its letters always find the field.
document.addEventListener("keydown", (pressed) => {
  const field = form("scan").elements.code;
  const isLetter = pressed.key.length === 1 && !pressed.ctrlKey && !pressed.metaKey && !pressed.altKey;
  if (root.dataset.stage === "scan" && isLetter && document.activeElement !== field) field.focus();
});

// -- the camera -------------------------------------------------------------------------------------

// Whole calls, for a test looks for each of these keys.
const troubles = () => ({
  insecure: t("camera.insecure"),
  none: t("camera.none"),
  refused: t("camera.refused"),
  dark: t("camera.dark"),
  reader: t("camera.reader"),
});
const act = (name) => root.querySelector(`[data-act="${name}"]`);

function showCamera() {
  act("camera").textContent = t(camera ? "camera.off" : "camera.on");
  act("torch").hidden = !camera?.hasTorch;
  act("torch").textContent = t("torch.on");
  act("torch").setAttribute("aria-pressed", "false");
}

function stopCamera() {
  camera?.stop();
  camera = null;
  showCamera();
}

function sayTrouble(why) {
  say({ tone: "attention", sentence: troubles()[why] });
  form("scan").elements.code.focus();
}

async function toggleCamera(press) {
  if (camera) {
    stopCamera();
    return;
  }
  press.disabled = true; // while the browser asks whether it may
  try {
    const opened = await watch(one("camera"), {
      reader: root.dataset.reader,
      onCode: scan,
      onLost() {
        stopCamera();
        sayTrouble("dark");
      },
    });
    if (root.dataset.stage === "scan") camera = opened;
    else opened.stop();
    if (camera) ready();
  } catch (error) {
    if (!(error instanceof CameraTrouble)) throw error;
    sayTrouble(error.why);
  } finally {
    press.disabled = false;
    showCamera();
  }
}

async function toggleTorch(press) {
  const on = press.getAttribute("aria-pressed") !== "true";
  try {
    await camera.torch(on);
    press.setAttribute("aria-pressed", String(on));
  } catch {
    say({ tone: "attention", sentence: t("torch.refused") });
  }
}

root.addEventListener("click", async (pressed) => {
  const press = pressed.target.closest("[data-act]");
  if (press?.dataset.act === "choose") choose("");
  if (press?.dataset.act === "camera") await toggleCamera(press);
  if (press?.dataset.act === "torch") await toggleTorch(press);
  if (press?.dataset.act === "lock") {
    stopCamera();
    await post("/api/till/sign-off/").catch(() => {});
    await start();
  }
});

async function recount() {
  if (root.dataset.stage !== "scan") return;
  try {
    facts = await get("/api/ticketing/gate/");
    count();
  } catch {
    // The next scan says what is wrong.
  }
}

setInterval(recount, COUNT_EVERY_MS);

document.addEventListener("pointerdown", allowSound, { once: true });
document.addEventListener("keydown", allowSound, { once: true });
start();
