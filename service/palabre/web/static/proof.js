// The work that a form's puzzle asks for, while a site is under attack: for each part of it, in
// turn, the first number whose SHA-256 with the stamp begins with so many zero bits. It runs as a
// worker where the page's policy lets it, or else in the page, in slices between which it breathes.
// No crypto.subtle: pages without https have none, and here it is many times slower, since each
// of its hashes is a promise.

const K = Int32Array.from(
  `428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5
  d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174
  e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
  983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967
  27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85
  a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
  19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3
  748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2`.split(/\s+/),
  (word) => parseInt(word, 16),
);
const START = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

// Three hexadecimal digits as a number's bytes.
const DIGITS = Int32Array.from({ length: 4096 }, (_, n) =>
  [...n.toString(16).padStart(3, "0")].reduce((all, one) => (all << 8) | one.charCodeAt(), 0),
);
const NUMBERS = 4096 * 4096;
const SLICE = 1024;

const w = new Int32Array(64);

// Puts into `to` the state of SHA-256 that follows `from` by the block in the first words of `w`.
const follow = (from, to) => {
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s + w[i - 7] + t) | 0;
  }
  let a = from[0];
  let b = from[1];
  let c = from[2];
  let d = from[3];
  let e = from[4];
  let f = from[5];
  let g = from[6];
  let h = from[7];
  for (let i = 0; i < 64; i++) {
    const s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t = (h + s + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const u = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    h = g;
    g = f;
    f = e;
    e = (d + t) | 0;
    d = c;
    c = b;
    b = a;
    a = (t + u + ((b & c) ^ (b & d) ^ (c & d))) | 0;
  }
  to[0] = from[0] + a;
  to[1] = from[1] + b;
  to[2] = from[2] + c;
  to[3] = from[3] + d;
  to[4] = from[4] + e;
  to[5] = from[5] + f;
  to[6] = from[6] + g;
  to[7] = from[7] + h;
};

// What is hashed: the 84 characters of the stamp, one of the part's number, six of the number that
// is looked for, in hexadecimal: two blocks, of which the first is the same for all.
const search = function* (stamp, bits, parts) {
  const bytes = new Uint8Array(128);
  bytes.set(new TextEncoder().encode(stamp));
  const words = new DataView(bytes.buffer);
  for (let i = 0; i < 16; i++) w[i] = words.getInt32(4 * i);
  const half = new Int32Array(8);
  follow(START, half);
  for (let i = 0; i < 16; i++) w[i] = words.getInt32(64 + 4 * i);
  w[15] = 8 * 91;
  const hash = new Int32Array(8);
  let found = "";
  for (let part = 0; part < parts; part++) {
    const first = part.toString(16).charCodeAt() << 24;
    for (let n = 0; ; n++) {
      if (n == NUMBERS) throw RangeError("no such number");
      if (n % SLICE == 0) yield;
      w[5] = first | DIGITS[n >> 12];
      w[6] = (DIGITS[n & 4095] << 8) | 0x80;
      follow(half, hash);
      if (hash[0] >>> (32 - bits) == 0) {
        found += n.toString(16).padStart(6, "0");
        break;
      }
    }
  }
  return found;
};

// A moment for whatever else the page has to do.
const breath = () =>
  new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  });

const solveHere = async (puzzle) => {
  const work = search(...puzzle);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await breath();
  }
};

const solveInWorker = (url, puzzle) =>
  new Promise((solved, failed) => {
    const worker = new Worker(url, { type: "module" });
    const end = (settle) => (event) => {
      worker.terminate();
      settle(event.data);
    };
    worker.onmessage = end(solved);
    worker.onerror = end(failed);
    worker.postMessage(puzzle);
  });

// The proof for a stamp: of each of so many parts, the number, whose hash begins with so many zero
// bits. Browsers take no worker of another origin than the page's.
export const solve = async (...puzzle) => {
  const url = new URL(import.meta.url);
  if (url.origin == location.origin) {
    try {
      return await solveInWorker(url, puzzle);
    } catch {
      // The page's policy has no place for it.
    }
  }
  return solveHere(puzzle);
};

if (self.WorkerGlobalScope) {
  onmessage = ({ data }) => {
    const work = search(...data);
    let step;
    do step = work.next();
    while (!step.done);
    postMessage(step.value);
  };
}
