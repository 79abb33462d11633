// The queue, quicker: decide without a reload, by single keys if one likes, and see what is new.
// Everything here shortens a way that works without it; when anything fails, the form is sent.
"use strict";
(() => {
  const form = document.getElementById("desk");
  const cases = document.getElementById("cases");
  const told = document.getElementById("told");
  const words = document.getElementById("words");
  if (!form || !cases || !words) return;
  const { base, state, me } = words.dataset;
  const reads = words.dataset.decides !== "1";
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const all = () => [...cases.querySelectorAll(".case:not([data-going])")];
  let here = null;

  const make = (tag, text, props = {}) => Object.assign(document.createElement(tag), { textContent: text }, props);
  const idOf = (one) => one.id.slice(2);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  function stand(one, focus = true) {
    if (here) delete here.dataset.here;
    here = one || null;
    if (!here) return;
    here.dataset.here = "";
    if (focus) {
      here.focus({ preventScroll: true });
      here.scrollIntoView({ block: "nearest" });
    }
  }

  // What the form would send, and one button more.
  function sent(act, more) {
    const data = new URLSearchParams(new FormData(form));
    data.set("act", act);
    // The reason for several at once is none for one.
    if (act.includes(" ")) data.delete("reason");
    for (const [name, value] of Object.entries(more || {})) data.set(name, value);
    return data;
  }

  function submit(act, more) {
    for (const [name, value] of Object.entries({ act, ...more })) {
      form.append(make("input", "", { type: "hidden", name, value }));
    }
    form.submit();
  }

  // One after the other: the line then tells of the last, which is what undoing takes back.
  let turn = Promise.resolve();
  function decide(going, act, more) {
    const body = sent(act, more);
    step(going);
    turn = turn.then(() => settle(going, act, more, body));
  }

  // The next comment comes under the cursor at once, whatever the network takes.
  function step(going) {
    const every = [...cases.querySelectorAll(".case")];
    const at = every.indexOf(going.at(-1));
    for (const one of going) one.dataset.going = "";
    const stays = (other) => !("going" in other.dataset);
    const next = every.slice(at + 1).find(stays) || every.slice(0, at).findLast(stays);
    if (next) stand(next);
  }

  function stay(going) {
    for (const one of going) delete one.dataset.going;
    stand(going[0]);
  }

  async function settle(going, act, more, body) {
    let answer, found;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      stay(going);
      tell({ failed: [words.dataset.away], undoes: null });
      return;
    }
    try {
      if (answer.redirected) throw answer;
      found = await answer.json();
    } catch {
      stay(going);
      submit(act, more);
      return;
    }
    if (!answer.ok) {
      stay(going);
      tell({ failed: [found.detail], undoes: null });
      return;
    }
    tell(found.told);
    for (const [name, n] of Object.entries(found.counts)) {
      const shown = document.querySelector(`[data-count="${name}"]`);
      if (shown) shown.textContent = number.format(n);
    }
    if (found.failed.length || state === "all") {
      for (const one of going) delete one.dataset.going;
      await renew(fetch(location.href));
      return;
    }
    const gone = new Set(going.map(idOf));
    const left = form.elements.shown.value.split(" ").filter((pair) => !gone.has(pair.split(".")[0]));
    form.elements.shown.value = left.join(" ");
    for (const one of going) one.remove();
    if (!here?.isConnected) stand(all()[0]);
    if (!all().length) await renew(fetch(location.href));
  }

  function undo(button) {
    const path = `${base}/desk/undo`;
    const body = sent("undo", { undo: button.value });
    turn = turn.then(() => renew(fetch(path, { method: "POST", body })));
  }

  // The list as the service shows it now. What has not changed stays as it is, ticks included.
  async function renew(asked) {
    let page;
    try {
      const answer = await asked;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Another page than the queue's, or one that needs what this one lacks.
      if (!page.getElementById("cases") || (page.querySelector(".case") && !offers())) {
        location.assign(answer.url);
        return;
      }
      const came = merge(page);
      if (came) stand(came);
    } catch {
      tell({ failed: [words.dataset.away], undoes: null });
    }
  }

  const offers = () => reads || document.getElementById("refusing-0");
  const versions = (from) => new Map(from.elements.shown.value.split(" ").map((pair) => pair.split(".")));

  // The first comment that has come into the list, if any has.
  function merge(page) {
    const fresh = page.getElementById("desk");
    const [was, is] = [versions(form), versions(fresh)];
    let last = null;
    let came = null;
    for (const one of page.querySelectorAll(".case")) {
      const old = document.getElementById(one.id);
      const same = old && was.get(idOf(old)) === is.get(idOf(old));
      if (same) last = old;
      else {
        if (old) old.replaceWith(one);
        else if (last) last.after(one);
        else cases.prepend(one);
        if (!old) came ||= one;
        last = one;
      }
    }
    for (const one of cases.querySelectorAll(".case")) if (!is.has(idOf(one))) one.remove();
    for (const name of ["shown", "at"]) form.elements[name].value = fresh.elements[name].value;
    cases.querySelector(".empty")?.remove();
    cases.append(...page.querySelectorAll("#cases > .empty"));
    told.replaceChildren(...page.getElementById("told").children);
    document.querySelector(".states").replaceWith(page.querySelector(".states"));
    const many = document.querySelector(".many");
    if (many) many.hidden = !all().length;
    if (!here?.isConnected) stand(all()[0]);
    return came;
  }

  function tell(line) {
    const box = make("div", "", { className: "done" });
    if (line.sentence) box.append(make("p", line.sentence));
    for (const one of line.failed) box.append(make("p", one, { className: "held" }));
    if (line.undoes) {
      const button = make("button", `${words.dataset.undo} `, { name: "undo", value: line.undoes });
      button.setAttribute("formaction", `${base}/desk/undo`);
      if (words.dataset.keys) button.append(make("kbd", "u", { ariaHidden: "true" }));
      box.append(button);
    }
    told.replaceChildren(box);
  }

  // What is asked for within a comment, from a template; Escape and the last button close it.
  function open(one, template) {
    one.querySelector(".refusing")?.remove();
    const panel = document.getElementById(template).content.firstElementChild.cloneNode(true);
    const close = () => {
      panel.remove();
      stand(one);
    };
    panel.querySelector("button:last-of-type").addEventListener("click", close);
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      close();
      event.preventDefault();
    });
    one.firstElementChild.append(panel);
    panel.querySelector("select, textarea").focus();
    panel.scrollIntoView({ block: "nearest" });
    look(one);
    return panel;
  }

  function refuse(one) {
    const panel = open(one, `refusing-${one.dataset.reasons || 0}`);
    const [reason, note] = panel.querySelectorAll("select, textarea");
    const send = () => {
      const because = { reason: reason.value, note: note.value };
      panel.remove();
      decide([one], `reject ${idOf(one)}`, because);
    };
    panel.querySelector("button").addEventListener("click", send);
    reason.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      send();
    });
  }

  function reply(one) {
    const panel = open(one, "replying");
    const send = panel.querySelector("button");
    if (one.querySelector('[value^="approve "]')) send.textContent = send.dataset.approving;
    panel.action = `${base}/desk/comments/${idOf(one)}/reply`;
    const { csrf, back, shown } = form.elements;
    const version = versions(form).get(idOf(one));
    for (const [name, value] of Object.entries({ csrf: csrf.value, back: back.value, version, then: "queue" })) {
      panel.append(make("input", "", { type: "hidden", name, value }));
    }
    panel.addEventListener("submit", async (event) => {
      event.preventDefault();
      let answer;
      try {
        answer = await fetch(panel.action, { method: "POST", body: new URLSearchParams(new FormData(panel)) });
      } catch {
        tell({ failed: [words.dataset.away], undoes: null });
        return;
      }
      // What is wrong with it is shown on the comment's own page, with the text.
      if (!answer.ok || !answer.redirected) {
        panel.submit();
        return;
      }
      panel.remove();
      await renew(Promise.resolve(answer));
      tell({ ...last(), sentence: words.dataset.replied });
      if (!one.isConnected) stand(here);
    });
  }

  // What the line offers to undo just now.
  const last = () => ({ failed: [], undoes: told.querySelector("button")?.value });

  const looked = new Set();
  function look(one) {
    if (looked.has(one.id)) return;
    looked.add(one.id);
    const path = `${base}/desk/comments/${idOf(one)}/look`;
    fetch(path, { method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value }) }).catch(() => {});
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const taken = event.target.closest("#told button");
    if (taken) {
      event.preventDefault();
      undo(taken);
    }
    const button = event.target.closest("button[name=act]");
    const one = button?.closest(".case");
    if (!one || button.value.startsWith("delete ")) return;
    event.preventDefault();
    stand(one, false);
    if (button.value.startsWith("ask ")) refuse(one);
    else if (button.value.startsWith("reply ")) reply(one);
    else decide([one], button.value);
  });
  cases.addEventListener("focusin", (event) => stand(event.target.closest(".case"), false));

  // Single keys (WCAG 2.1.4: they can be switched off; never while somebody types).
  const verbs = { a: "approve", s: "spam", h: "hold" };
  const ticked = () => all().filter((one) => one.querySelector("header :checked"));

  // Of what is ticked, if anything is.
  function several(key) {
    form.elements.which.value = "picked";
    if (verbs[key]) decide(ticked(), verbs[key]);
    else if (key === "d") submit("delete");
    else form.elements.reason.focus();
  }

  const help = document.getElementById("keys");
  function press(key) {
    const list = all();
    const at = list.indexOf(here);
    if (key === "j") stand(list[Math.min(at + 1, list.length - 1)]);
    else if (key === "k") stand(list[Math.max(at - 1, 0)]);
    else if (key === "?") help.open ? help.close() : help.showModal();
    else if (key === "/") {
      document.querySelector("details.filters").open = true;
      document.querySelector("input[type=search]").focus();
    } else if (key === "u") told.querySelector("button")?.click();
    else if (reads) return false;
    else if (ticked().length && (verbs[key] || key === "d" || key === "r")) several(key);
    else if (!here) return false;
    else if (key === "x") here.querySelector("[type=checkbox]").click();
    else if (key === "r") here.querySelector(".acts .no") && refuse(here);
    else if (key === "d") submit(`delete ${idOf(here)}`);
    else if (verbs[key]) here.querySelector(`button[value^="${verbs[key]} "]`)?.click();
    else return false;
    return true;
  }
  if (words.dataset.keys) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
      if (help.open && event.key !== "?") return;
      if (press(event.key)) event.preventDefault();
    });
    document.getElementById("show-keys").addEventListener("click", () => help.showModal());
    help.querySelector("button").addEventListener("click", () => help.close());
  }

  // What comes in meanwhile waits behind a line; nothing moves by itself.
  const news = document.getElementById("news");
  const came = new Set();
  if (window.EventSource) {
    const { live, site } = words.dataset;
    const stream = new EventSource(`${base}/desk/events`);
    stream.addEventListener("submitted", (event) => {
      const decision = JSON.parse(event.data);
      if (!live || decision.to !== "pending" || (site && decision.site !== site)) return;
      came.add(decision.comment);
      const text = came.size === 1 ? words.dataset.newOne : words.dataset.newMany;
      news.firstElementChild.textContent = fill(text, { n: number.format(came.size) });
      news.hidden = false;
    });
    stream.addEventListener("decided", (event) => {
      const decision = JSON.parse(event.data);
      came.delete(decision.comment);
      const one = document.getElementById(`c-${decision.comment}`);
      if (!one || decision.by === me) return;
      const said = fill(words.dataset.decided, { state: words.dataset[decision.to], who: decision.by });
      for (const old of one.querySelectorAll(".meanwhile, .looker")) old.remove();
      one.firstElementChild.append(make("p", said, { className: "held meanwhile" }));
    });
    addEventListener("pagehide", () => stream.close());
  }

  stand(document.querySelector(".case:target") || all()[0], false);
})();
