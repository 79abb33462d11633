// What happens meanwhile, as the service tells it. An EventSource comes back by itself from a network
// that broke, but not from an answer by which somebody in between says that the service is away.
"use strict";
// *heard*: what to do with each kind of event. *lost*: from here on nothing is known for a while.
window.live = (path, heard, lost) => {
  const SOON_MS = 2000;
  const LATE_MS = 60_000;
  const ANSWER_MS = 30_000;
  let stream;
  let timer;
  let last = "";
  let wait = SOON_MS;

  function open() {
    // A new one knows nothing of where the one before has come to.
    stream = new EventSource(last ? `${path}?last=${encodeURIComponent(last)}` : path);
    for (const [kind, hear] of Object.entries(heard)) {
      stream.addEventListener(kind, (event) => {
        last = event.lastEventId;
        wait = SOON_MS;
        hear(JSON.parse(event.data));
      });
    }
    stream.addEventListener("error", () => {
      lost();
      if (stream.readyState !== EventSource.CLOSED) return;
      // Not all at the same moment.
      timer = setTimeout(again, wait * (1 + Math.random()) / 2);
      wait = Math.min(2 * wait, LATE_MS);
    });
  }

  async function again() {
    const asked = { method: "HEAD", headers: { Accept: "text/event-stream" }, signal: AbortSignal.timeout(ANSWER_MS) };
    const answer = await fetch(path, asked).catch(() => null);
    // Whoever is signed out is told of nothing more.
    if (answer?.status !== 204) open();
  }

  addEventListener("pagehide", () => {
    clearTimeout(timer);
    stream.close();
  });
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
};
