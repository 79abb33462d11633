// What a form brings beside its fields, so that a person's is told from a program's: its stamp.
// The form page loads it, and /embed.js when its form is first touched. A form without it works
// all the same. It looks at nothing but the form itself, and asks this service only.

const STAMP = new URL("../v1/stamp", import.meta.url);

// A stamp is good for a day; a page that stayed open for half of one gets another.
const OLD_MS = 12 * 60 * 60 * 1000;

// A text that has more is a draft, kept from before: whoever looks it over and sends it within a
// second is no program, so the form keeps the stamp it has, an old one or none.
const BEGUN = 20;

const guarded = new WeakMap();

// Keep a stamp in a form, whenever it is touched. `given`: what tells its article: `article`,
// `site`, `lang`, as they are when a stamp is asked for.
export const guard = (form, given) => {
  if (!guarded.has(form)) guarded.set(form, begin(form, given));
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
      const url = new URL(STAMP);
      url.search = new URLSearchParams(given);
      const answer = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(3e4) });
      const { stamp } = await answer.json();
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

for (const form of document.querySelectorAll("form[data-guard]")) {
  const names = ["article", "site", "lang"];
  const given = Object.fromEntries(names.map((name) => [name, form.elements[name]?.value ?? ""]));
  form.addEventListener("focusin", () => guard(form, given));
}
