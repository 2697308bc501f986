// The demonstration page: a customer's wallet, the tills it can pay, the paper and the mail. It asks
// for the state every second and changes only what is new, so that nothing jumps under a finger.

import { get, NoAnswer, post } from "./http.js";
import { formatCents, formatOsm } from "./money.js";
import { language } from "./words.js";

const PAUSE_MS = 1000;
const byId = (id) => document.getElementById(id);
const word = (name) => byId("state-words").content.querySelector(`[data-word=${name}]`)?.textContent ?? name;

const clock = new Intl.DateTimeFormat(language, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** Put texts into an element's slots; touch only what differs. */
function fill(element, values) {
  for (const [name, value] of Object.entries(values)) {
    const slot = element.querySelector(`[data-slot=${name}]`);
    if (slot.textContent !== value) slot.textContent = value;
  }
}

/** Keep a list in step with `items` by their keys: existing rows stay the elements they were. */
function keepList(list, empty, items, { template, key, update, begin }) {
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  let place = list.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let row = rows.get(name);
    if (row) {
      rows.delete(name);
    } else {
      row = byId(template).content.firstElementChild.cloneNode(true);
      row.dataset.key = name;
      begin?.(row, item);
    }
    if (row !== place) list.insertBefore(row, place);
    else place = place.nextElementSibling;
    update(row, item);
  }
  for (const row of rows.values()) row.remove();
  empty.hidden = items.length > 0;
}

// -- paying -------------------------------------------------------------------------------------

async function pay(uri, button) {
  byId("paid").hidden = byId("refused").hidden = true;
  button.disabled = true;
  try {
    const { txid } = await post("/demo/pay/", { uri });
    fill(byId("paid"), { txid });
    byId("paid").hidden = false;
    byId("uri").value = "";
  } catch (error) {
    const { title, advice } = error;
    byId("refused").textContent = error instanceof NoAnswer
      ? word("silence") : [title || word("refused"), advice].filter(Boolean).join(" ");
    byId("refused").hidden = false;
  } finally {
    button.disabled = false;
  }
  look();
}

byId("pay").addEventListener("submit", (event) => {
  event.preventDefault();
  const uri = byId("uri").value.trim();
  if (uri) pay(uri, event.submitter ?? event.target.querySelector("button"));
  else byId("uri").focus();
});

// -- scanning, where the browser itself can ---------------------------------------------------------

async function scan() {
  const camera = byId("camera");
  const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  camera.srcObject = stream;
  camera.hidden = false;
  await camera.play();
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    camera.hidden = true;
  };
  const glance = async () => {
    if (camera.hidden) return;
    const [code] = await detector.detect(camera).catch(() => []);
    if (code) {
      stop();
      byId("uri").value = code.rawValue;
    } else {
      requestAnimationFrame(glance);
    }
  };
  glance();
}

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  byId("scan").hidden = false;
  byId("scan").addEventListener("click", () => scan().catch((error) => {
    byId("refused").textContent = error.message;
    byId("refused").hidden = false;
  }));
}

// -- looking ------------------------------------------------------------------------------------

function show({ wallet, waiting, paper, mails, node }) {
  const { problem } = wallet;
  byId("holding").hidden = Boolean(problem);
  byId("wallet-problem").hidden = !problem;
  if (problem) {
    byId("wallet-problem").textContent = `${problem.title} ${problem.advice}`;
  } else {
    fill(byId("holding"), {
      balance: formatOsm(wallet.balance_units, language, wallet.symbol),
      fee: formatOsm(wallet.fee_units, language, wallet.symbol),
      address: wallet.address,
    });
  }
  byId("node").hidden = !node;
  if (node) {
    fill(byId("node"), {
      profile: node.profile, height: String(node.height), block_time: String(node.block_time_s),
    });
  }
  keepList(byId("waiting"), byId("waiting-empty"), waiting, {
    template: "waiting-row",
    key: (sale) => sale.uri,
    begin: (row, sale) => {
      const button = row.querySelector("button");
      button.addEventListener("click", () => pay(sale.uri, button));
    },
    update: (row, sale) => {
      fill(row, {
        till: [sale.till, sale.venue].filter(Boolean).join(" · "),
        state: word(sale.state),
        units: formatOsm(sale.units, language, wallet.symbol ?? "OSM"),
        euros: formatCents(sale.amount_cents, language),
      });
      row.dataset.state = sale.state;
      row.querySelector("button").hidden = sale.state !== "open";
    },
  });
  keepList(byId("papers"), byId("papers-empty"), paper, {
    template: "paper-row",
    key: (sheet) => sheet.url,
    begin: (row, sheet) => {
      row.querySelector("img").src = sheet.url;
    },
    update: (row, sheet) => {
      fill(row, { at: clock.format(new Date(sheet.at)) });
      row.querySelector("img").alt = sheet.text;
    },
  });
  keepList(byId("mails"), byId("mails-empty"), mails, {
    template: "mail-row",
    key: (mail) => `${mail.at} ${mail.to} ${mail.subject}`,
    update: (row, mail) => fill(row, {
      subject: mail.subject, to: mail.to, at: clock.format(new Date(mail.at)), text: mail.text,
    }),
  });
}

let timer = 0;

async function look() {
  clearTimeout(timer);
  try {
    if (document.visibilityState === "visible") show(await get("/demo/state.json"));
    byId("silence").hidden = true;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    byId("silence").hidden = false;
  } finally {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  }
}

document.addEventListener("visibilitychange", look);
look();
