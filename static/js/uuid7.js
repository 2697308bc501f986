// Keys made here, before the server knows of anything (RFC 9562, version 7): the same key sent again
// is the same sale.

export function uuid7(atMs = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let stamp = BigInt(Math.trunc(atMs));
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = Number(stamp & 0xffn);
    stamp >>= 8n;
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
