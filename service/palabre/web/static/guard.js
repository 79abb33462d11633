// What a form brings beside its fields: its stamp, so that a person's is told from a program's, and,
// if the reader wants that, the token by which this browser is known again. The form page loads it,
// and /embed.js when its form is first touched. A form without it works all the same. It looks at
// nothing but the form itself, and asks this service only.
// WORDS[code] is the catalogues' sentence, one a language of LANGUAGES: the service writes it in its
// place.

const STAMP = new URL("../v1/stamp", import.meta.url);

// A stamp is good for a day; a page that stayed open for half of one gets another.
const OLD_MS = 12 * 60 * 60 * 1000;

// A text that has more is a draft, kept from before: whoever looks it over and sends it within a
// second is no program, so the form keeps the stamp it has, an old one or none.
const BEGUN = 20;

const LANGUAGES = [];

const guarded = new WeakMap();
const offered = new WeakSet();

// What the service gives out for a form.
const ask = async (given) => {
  const url = new URL(STAMP);
  url.search = new URLSearchParams(given);
  const answer = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(3e4) });
  return answer.json();
};

// Keep a stamp in a form, whenever it is touched. `given`: what tells its article: `article`,
// `site`, `lang`, as they are when a stamp is asked for.
export const guard = (form, given) => {
  if (!guarded.has(form)) guarded.set(form, begin(form, given));
  offer(form, given);
  return guarded.get(form)();
};

const begin = (form, given) => {
  const { comment } = form.elements;
  const field = form.elements.stamp ?? document.createElement("input");
  if (!field.form) {
    Object.assign(field, { type: "hidden", name: "stamp" });
    form.append(field);
  }
  let since = performance.timeOrigin; // what stands in the form came with the page
  let isSent = false;
  let isAsking = false;

  // A stamp is good for one comment. One that was stored leaves the form empty behind it.
  const renew = async () => {
    const isYetToWrite = comment.value.trim().length <= BEGUN;
    const isUsedUp = !field.value || isSent || Date.now() - since > OLD_MS;
    if (isAsking || !isYetToWrite || !isUsedUp) return;
    isAsking = true;
    try {
      const { stamp } = await ask(given);
      if (stamp) {
        field.value = stamp;
        since = Date.now();
        isSent = false;
      }
    } catch {
      // The next touch tries again.
    }
    isAsking = false;
  };

  form.addEventListener("submit", () => {
    isSent = true;
  });
  return renew;
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
  // Beside its words, whatever the form's own style makes of a field.
  const size = { width: "24px", height: "24px", minHeight: "24px" };
  Object.assign(box.style, { display: "inline-block", flex: "none", margin: "0", ...size });
  const beside = { display: "inline-flex", alignItems: "center", gap: ".4em", minHeight: "24px" };
  hint.textContent = WORDS["remember.hint"][nth];
  box.setAttribute("aria-describedby", hint.id);
  const words = make("label", {}, box, WORDS["remember.label"][nth]);
  Object.assign(words.style, beside);
  const whole = make("div", { part: "remember", className: "field" }, words, hint);
  whole.style.marginBottom = "1.1em";
  let send = form.querySelector("button:not([type=button])");
  while (send && send.parentNode != form) send = send.parentNode;
  form.insertBefore(whole, send);

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
  form.addEventListener("focusin", () => guard(form, given));
  offer(form, given);
}
