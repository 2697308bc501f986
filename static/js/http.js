// JSON over HTTP. Three ends only: an answer, a refusal (Problem: the server understood and said no,
// nothing was stored), or silence (NoAnswer: nobody knows whether it was stored; send the same again).

import { language } from "./words.js";

const PATIENCE_MS = 8000;

/** The server said no, in words a person can act on. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.code || `http_${status}`);
    this.status = status;
    this.code = body.code || `http_${status}`;
    this.title = body.title || "";
    this.advice = body.advice || "";
    this.context = body.context || {};
  }
}

/** No usable answer: the network, the server or a proxy failed on the way. */
export class NoAnswer extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

let clockAheadMs = 0;

/** Now in milliseconds as the server counts it; a tablet's own clock may be wrong by minutes. */
export function serverNow() {
  return Date.now() + clockAheadMs;
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

function csrfToken() {
  return cookie("csrftoken") || document.querySelector("meta[name=csrf]")?.content || "";
}

/** The answer early.js has asked for, once; later readings are fresh. */
function early(method, path) {
  window.teraaEarly ??= new Map();
  const asked = method === "GET" ? window.teraaEarly.get(path) : undefined;
  window.teraaEarly.delete(path);
  return asked;
}

async function request(method, path, body) {
  const headers = { Accept: "application/json", "Accept-Language": language };
  if (method !== "GET") {
    headers["Content-Type"] = "application/json";
    headers["X-CSRFToken"] = csrfToken();
  }
  let response;
  let answer;
  try {
    response = await (early(method, path) ?? fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-cache",
      signal: AbortSignal.timeout(PATIENCE_MS),
    }));
    const date = Date.parse(response.headers.get("Date") || "");
    // The header counts whole seconds; half of one is the fairest reading of it.
    if (date) clockAheadMs = date + 500 - Date.now();
    answer = response.status === 204 ? null : await response.json();
  } catch (error) {
    if (response && response.status >= 400 && response.status < 500) {
      throw new Problem(response.status, {});
    }
    throw new NoAnswer(error.name);
  }
  // A server that stumbled may have stored everything before it fell: that is no answer. Only a 503
  // with a code is one (OSM is not available, say): nothing was done.
  const isRefusal = response.status === 503 && answer?.code;
  if (response.status >= 500 && !isRefusal) throw new NoAnswer(`http_${response.status}`);
  if (!response.ok) throw new Problem(response.status, answer || {});
  return answer;
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, body);
