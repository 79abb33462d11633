// What a form brings beside its fields, so that a person's is told from a program's: its stamp,
// while the site is under attack the proof that this browser has worked for it, and, if the reader
// wants that, the token by which this browser is known again. The form page loads it, and /embed.js
// when its form is first touched. A form without it works all the same. It looks at nothing but the
// form itself, and asks this service only.
// WORDS[code] is the catalogues' sentence, one a language of LANGUAGES: the service writes it in its
// place.

const STAMP = new URL("../v1/stamp", import.meta.url);

// A stamp is good for a day; a page that stayed open for half of one gets another.
const OLD_MS = 12 * 60 * 60 * 1000;

// An attack may have begun since a stamp was asked for: after a minute, it is asked again.
const RECENT_MS = 60 * 1000;

// A puzzle's solution is good for ten minutes, of which the sending may take one.
const FRESH_MS = 9 * 60 * 1000;

// Nobody waits longer than that for an answer or a solution: without, a comment is held.
const AWAITED_MS = 30 * 1000;

// A text that has more is a draft, kept from before: whoever looks it over and sends it within a
// second is no program, so the form keeps the stamp it has, an old one or none, unless there is a
// puzzle to solve.
const BEGUN = 20;

// What a stamp with a puzzle tells of it, in its last byte before the code.
const PARTS = 8;
const bitsOf = (stamp) =>
  stamp.length == 84 && atob(stamp.replace(/-/g, "+").replace(/_/g, "/")).charCodeAt(46);

const LANGUAGES = [];

// The box beside its words, whatever the form's own style makes of a field.
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  [part=remember] { margin-bottom: 1.1em; }
  [part=remember] label { display: inline-flex; align-items: center; gap: .4em; min-height: 24px; }
  [part=remember] input { display: inline-block; flex: none; margin: 0; width: 24px; height: 24px; min-height: 24px; }
`);

const guarded = new WeakMap();
const offered = new WeakSet();

// What the service gives out for a form.
const ask = async (given) => {
  const url = new URL(STAMP);
  url.search = new URLSearchParams(given);
  const signal = AbortSignal.timeout(AWAITED_MS);
  return (await fetch(url, { credentials: "omit", signal })).json();
};

const of = (form, given) => {
  if (!guarded.has(form)) guarded.set(form, begin(form, given));
  return guarded.get(form);
};

// Keep a stamp in a form, whenever it is touched. `given`: what tells its article: `article`,
// `site`, `lang`, as they are when a stamp is asked for. `tell`: a function when the form is about
// to be sent, called with a sentence where that has to wait. Resolves, and never rejects, once the
// form has all that it should bring.
export const guard = (form, given, tell) => {
  const state = of(form, given);
  offer(form, given);
  return tell?.call ? state.ready(tell) : state.touch();
};

const hidden = (form, name) => {
  const field = form.elements[name] ?? document.createElement("input");
  if (!field.form) {
    Object.assign(field, { type: "hidden", name });
    form.append(field);
  }
  return field;
};

const begin = (form, given) => {
  const { comment } = form.elements;
  const field = hidden(form, "stamp");
  const proof = hidden(form, "proof");
  let since = performance.timeOrigin; // what stands in the form came with the page
  let asked = field.value ? since : 0;
  let says = form.dataset.guard;
  let isSent = false;
  let asking;
  let solving;

  const isPosed = () => bitsOf(field.value) && !isSent && Date.now() - asked < FRESH_MS;
  const isLate = () => !isPosed() && (isSent || Date.now() - asked > RECENT_MS);

  // A stamp is good for one comment. One that was stored leaves the form empty behind it.
  const renew = async () => {
    const isYetToWrite = comment.value.trim().length <= BEGUN;
    const isUsedUp = !field.value || isSent || Date.now() - since > OLD_MS;
    const isAnew = isYetToWrite && isUsedUp;
    if (!isAnew && !isLate()) return;
    try {
      const { stamp, puzzle } = await ask({ ...given, stamp: isAnew ? "" : field.value });
      if (!stamp) return;
      asked = Date.now();
      // As old as the form is, and so of use for nothing but its puzzle.
      if (!isAnew && !puzzle) return;
      field.value = stamp;
      proof.value = "";
      says = puzzle?.says ?? says;
      if (isAnew) since = asked;
      isSent = false;
    } catch {
      // The next touch tries again.
    }
  };

  const solve = async () => {
    try {
      const proving = await import("./proof.js");
      while (isPosed() && !proof.value) {
        const stamp = field.value;
        const found = await proving.solve(stamp, bitsOf(stamp), PARTS);
        if (field.value == stamp) proof.value = found;
      }
    } catch {
      // What is sent without is held.
    }
  };

  const isToSolve = () => isPosed() && !proof.value;
  const asks = () => (asking ??= renew().finally(() => (asking = null)));
  const solves = () => isToSolve() && (solving ??= solve().finally(() => (solving = null)));

  return {
    touch: () => asks().then(solves),
    // Whether the form may be sent as it is.
    isReady: () => !asking && !isLate() && !isToSolve(),
    ready: async (tell) => {
      const late = new Promise((done) => setTimeout(done, AWAITED_MS));
      await Promise.race([asks(), late]);
      if (isToSolve()) {
        tell(says);
        await Promise.race([solves(), late]);
      }
      isSent = true;
    },
    sent: () => {
      isSent = true;
    },
  };
};

// The box by which a reader chooses to be known again on this site. Where the browser keeps
// nothing, there is none.
const offer = (form, given) => {
  if (offered.has(form)) return;
  offered.add(form);
  const site = given.site || new URL(given.article, document.baseURI).origin;
  const name = `palabre token ${STAMP.host} ${site}`;
  let kept;
  try {
    kept = localStorage;
    kept.getItem(name);
  } catch {
    return;
  }

  const language = form.closest("[lang]")?.lang ?? "";
  const nth = Math.max(0, LANGUAGES.indexOf(language.slice(0, 2)));
  const make = (tag, given, ...inside) => {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...inside);
    return made;
  };
  const box = make("input", { type: "checkbox", checked: !!kept[name] });
  const hint = make("p", { part: "hint", className: "hint", id: "hint-remember" });
  hint.textContent = WORDS["remember.hint"][nth];
  box.setAttribute("aria-describedby", hint.id);
  const words = make("label", {}, box, WORDS["remember.label"][nth]);
  const whole = make("div", { part: "remember", className: "field" }, words, hint);
  let send = form.querySelector("button:not([type=button])");
  while (send && send.parentNode != form) send = send.parentNode;
  form.insertBefore(whole, send);
  // None where the form has left its page by now: this comes when somebody begins to write.
  const sheets = form.getRootNode().adoptedStyleSheets;
  if (sheets && !sheets.includes(STYLE)) sheets.push(STYLE);

  const forget = () => {
    const token = kept[name];
    delete kept[name];
    // The drafts of comments that were to be sent with it.
    for (const [one, value] of Object.entries(kept))
      if (token && one.startsWith("palabre ")) kept[one] = value.replaceAll(token, "");
  };

  box.addEventListener("input", async () => {
    hint.textContent = WORDS["remember.hint"][nth];
    if (!box.checked) return forget();
    try {
      const { token } = await ask({ ...given, remember: 1 });
      if (!token) throw new Error("no token");
      if (box.checked) kept[name] ||= token;
    } catch {
      box.checked = false;
      hint.textContent = WORDS["embed.away"][nth];
    }
  });

  // Looked up when it is sent, since another page of the site may have forgotten it.
  form.addEventListener("formdata", ({ formData }) => {
    if (kept[name]) formData.set("token", kept[name]);
  });
};

for (const form of document.querySelectorAll("form[data-guard]")) {
  const names = ["article", "site", "lang"];
  const given = Object.fromEntries(names.map((name) => [name, form.elements[name]?.value ?? ""]));
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  form.append(status);
  let isWaiting = false;
  let isDone = false;
  form.addEventListener("focusin", () => guard(form, given));
  offer(form, given);
  form.addEventListener("submit", async (event) => {
    if (isDone || event.defaultPrevented) return;
    const state = of(form, given);
    if (state.isReady()) return state.sent();
    // It is sent again once it has all; whatever else listens hears of that alone.
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isWaiting) return;
    isWaiting = true;
    await state.ready((sentence) => (status.textContent = sentence));
    isWaiting = false;
    isDone = true;
    // A button of a page's own form may be named like these, and older browsers have but the latter.
    const { requestSubmit, submit } = HTMLFormElement.prototype;
    (requestSubmit ?? submit).call(form, event.submitter);
    isDone = false;
  });
  // Whoever comes back to the page does not wait any more.
  addEventListener("pageshow", () => (status.textContent = ""));
}
