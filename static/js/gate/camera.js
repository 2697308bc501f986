// The camera of a gate. A ticket held before it is one scan, however often it is seen.

import { makeReader } from "./reader.js";

const LOOK_EVERY_MS = 120;
const SAME_CODE_MS = 4000;

/** Why there is no picture: insecure, none, refused, dark or reader (`camera.…` has the words). */
export class CameraTrouble extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

async function open() {
  if (!window.isSecureContext) throw new CameraTrouble("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraTrouble("none");
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1280 } },
      audio: false,
    });
  } catch (error) {
    if (error.name === "NotAllowedError") throw new CameraTrouble("refused");
    throw new CameraTrouble(error.name === "NotFoundError" ? "none" : "dark");
  }
}

/** Codes that are new to the eye: not seen, or gone from view for a while. */
function newcomers() {
  const seen = new Map();
  return (texts) => {
    const now = performance.now();
    for (const [text, at] of seen) if (now - at > SAME_CODE_MS) seen.delete(text);
    const fresh = texts.filter((text) => text && !seen.has(text));
    for (const text of texts) seen.set(text, now);
    return fresh;
  };
}

/**
 * Show the camera in `video` and call `onCode(text)` for each code, `onLost()` when the picture
 * ends by itself. Returns {stop, hasTorch, torch(on)}. Throws CameraTrouble.
 */
export async function watch(video, { reader, onCode, onLost }) {
  const stream = await open();
  const [track] = stream.getVideoTracks();
  const end = () => {
    for (const one of stream.getTracks()) one.stop();
    video.srcObject = null;
    video.hidden = true;
  };
  let read;
  try {
    read = await makeReader(reader);
  } catch {
    end();
    throw new CameraTrouble("reader");
  }
  try {
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
  } catch {
    end();
    throw new CameraTrouble("dark");
  }
  const fresh = newcomers();
  let stopped = false;
  track.addEventListener("ended", () => {
    if (!stopped) onLost();
  });

  async function look() {
    if (stopped) return;
    try {
      const texts = await read(video);
      if (!stopped) fresh(texts).forEach(onCode);
    } catch {
      // A frame that could not be read; the next one may be.
    }
    setTimeout(look, LOOK_EVERY_MS);
  }
  look();

  return {
    stop() {
      stopped = true;
      end();
    },
    hasTorch: Boolean(track.getCapabilities?.().torch),
    torch: (on) => track.applyConstraints({ advanced: [{ torch: on }] }),
  };
}
