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
  function decide(one, act, more) {
    const body = sent(act, more);
    one.dataset.going = "";
    step(one);
    turn = turn.then(() => settle(one, act, more, body));
  }

  // The next comment comes under the cursor at once, whatever the network takes.
  function step(one) {
    const every = [...cases.querySelectorAll(".case")];
    const at = every.indexOf(one);
    const stays = (other) => !("going" in other.dataset);
    const next = every.slice(at + 1).find(stays) || every.slice(0, at).findLast(stays);
    if (next) stand(next);
  }

  function stay(one) {
    delete one.dataset.going;
    stand(one);
  }

  async function settle(one, act, more, body) {
    let answer, found;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      stay(one);
      tell({ failed: [words.dataset.away], undoes: false });
      return;
    }
    try {
      if (answer.redirected) throw answer;
      found = await answer.json();
    } catch {
      stay(one);
      submit(act, more);
      return;
    }
    if (!answer.ok) {
      stay(one);
      tell({ failed: [found.detail], undoes: false });
      return;
    }
    tell(found.told);
    for (const [name, n] of Object.entries(found.counts)) {
      const shown = document.querySelector(`[data-count="${name}"]`);
      if (shown) shown.textContent = number.format(n);
    }
    if (found.failed.length || state === "all") {
      delete one.dataset.going;
      await renew(fetch(location.href));
      return;
    }
    form.elements.shown.value = form.elements.shown.value
      .split(" ")
      .filter((pair) => !pair.startsWith(`${idOf(one)}.`))
      .join(" ");
    one.remove();
    if (here === one) stand(all()[0]);
    if (!all().length) await renew(fetch(location.href));
  }

  function undo() {
    const path = `${base}/desk/undo`;
    turn = turn.then(() => renew(fetch(path, { method: "POST", body: sent("undo") })));
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
      tell({ failed: [words.dataset.away], undoes: false });
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
      const button = make("button", `${words.dataset.undo} `);
      button.setAttribute("formaction", `${base}/desk/undo`);
      if (words.dataset.keys) button.append(make("kbd", "u", { ariaHidden: "true" }));
      box.append(button);
    }
    told.replaceChildren(box);
  }

  function refuse(one) {
    const open = one.querySelector(".refusing");
    if (open) {
      open.querySelector("select").focus();
      return;
    }
    const offered = document.getElementById(`refusing-${one.dataset.reasons || 0}`);
    const panel = offered.content.firstElementChild.cloneNode(true);
    const close = () => {
      panel.remove();
      stand(one);
    };
    const [reason, note] = panel.querySelectorAll("select, textarea");
    const send = () => {
      const because = { reason: reason.value, note: note.value };
      decide(one, `reject ${idOf(one)}`, because);
    };
    const [go, stay] = panel.querySelectorAll("button");
    go.addEventListener("click", send);
    stay.addEventListener("click", close);
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      else if (event.key === "Enter" && event.target === reason) send();
      else return;
      event.preventDefault();
    });
    one.firstElementChild.append(panel);
    reason.focus();
    look(one);
  }

  const looked = new Set();
  function look(one) {
    if (looked.has(one.id)) return;
    looked.add(one.id);
    const path = `${base}/desk/comments/${idOf(one)}/look`;
    fetch(path, { method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value }) }).catch(() => {});
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("#told button")) {
      event.preventDefault();
      undo();
    }
    const button = event.target.closest("button[name=act]");
    const one = button?.closest(".case");
    if (!one || /^(reply|delete) /.test(button.value)) return;
    event.preventDefault();
    stand(one, false);
    if (button.value.startsWith("ask ")) refuse(one);
    else decide(one, button.value);
  });
  cases.addEventListener("focusin", (event) => stand(event.target.closest(".case"), false));

  // Single keys (WCAG 2.1.4: they can be switched off; never while somebody types).
  const verbs = { a: "approve", s: "spam", h: "hold" };
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
    else if (!here || reads) return false;
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
    const stream = new EventSource(`${base}/desk/events`);
    stream.addEventListener("submitted", (event) => {
      const decision = JSON.parse(event.data);
      if (decision.to !== "pending") return;
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
      one.querySelector(".meanwhile")?.remove();
      one.firstElementChild.append(make("p", said, { className: "held meanwhile" }));
    });
    addEventListener("pagehide", () => stream.close());
  }

  stand(document.querySelector(".case:target") || all()[0], false);
})();
