// One short, gentle sound for "the money is there". A browser lets a page sound only after a touch,
// so the first touch opens the door.

import { deviceStore } from "./storage.js";

const KEY = "teraa.muted";
let context = null;

export const isMuted = () => deviceStore.read(KEY, false);
export const mute = (muted) => deviceStore.write(KEY, muted);

export function allowSound() {
  const Context = window.AudioContext;
  if (!Context || context) return;
  try {
    context = new Context();
  } catch {
    context = null;
  }
}

function note(frequency, start, length) {
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.type = "sine";
  tone.frequency.value = frequency;
  loudness.gain.setValueAtTime(0, start);
  loudness.gain.linearRampToValueAtTime(0.16, start + 0.015);
  loudness.gain.exponentialRampToValueAtTime(0.0001, start + length);
  tone.connect(loudness).connect(context.destination);
  tone.start(start);
  tone.stop(start + length);
}

export function chime() {
  if (!context || isMuted()) return;
  context.resume().catch(() => {});
  note(659.25, context.currentTime, 0.16);
  note(987.77, context.currentTime + 0.11, 0.34);
}
