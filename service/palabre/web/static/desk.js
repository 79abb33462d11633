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

  const SLIVER = 60;
  const SOON_MS = 300;
  const ANSWER_MS = 30_000;
  const FIELD = "input:not([type=checkbox]), textarea, select, [contenteditable]";

  // What is under the cursor. Nobody is taken out of a field that they write in.
  function stand(one, focus = true) {
    if (here) delete here.dataset.here;
    here = one || null;
    look(here);
    if (here) here.dataset.here = "";
    if (!focus || document.activeElement?.matches(FIELD)) return;
    const empty = cases.querySelector(".empty");
    if (here) {
      here.focus({ preventScroll: true });
      reveal(here);
    } else if (empty) {
      empty.tabIndex = -1;
      empty.focus();
    }
  }

  const { style } = document.documentElement;
  new ResizeObserver(() => style.setProperty("--told", `${told.offsetHeight}px`)).observe(told);

  // What stays in sight above and below covers what scrolls.
  const above = () => Math.max(0, told.getBoundingClientRect().bottom);
  const below = () => (ticked().length && many ? Math.min(innerHeight, many.getBoundingClientRect().top) : innerHeight);

  function reveal(one) {
    one.scrollIntoView({ block: "nearest" });
    const hidden = above() - one.getBoundingClientRect().top;
    if (getComputedStyle(told).position === "sticky" && hidden > 0) scrollBy(0, -hidden - SLIVER / 5);
  }

  // Nobody decides on what they can't see.
  function inSight(one) {
    const { top, bottom } = one.getBoundingClientRect();
    return bottom > above() + SLIVER && top < below() - SLIVER;
  }

  // What the form would send, and one button more; not what is ticked and on its way already.
  function sent(act, more) {
    const data = new URLSearchParams(new FormData(form));
    data.set("act", act);
    for (const one of cases.querySelectorAll("[data-going]")) data.delete(one.id);
    // Why several at once are decided on is no reason for one.
    if (act.includes(" ")) for (const name of ["reason", "note"]) data.delete(name);
    for (const [name, value] of Object.entries(more || {})) data.set(name, value);
    return data;
  }

  // The same as a form would, and once: the page goes.
  let left = false;
  function post(body, action = form.action) {
    if (left) return;
    left = true;
    const whole = make("form", "", { method: "post", action, hidden: true });
    for (const [name, value] of body) whole.append(make("input", "", { type: "hidden", name, value }));
    document.body.append(whole);
    whole.submit();
  }

  // One after the other: the line then tells of the last, which is what undoing takes back.
  let turn = Promise.resolve();
  let waiting = 0;
  function queue(work) {
    waiting += 1;
    turn = turn
      .then(() => left || work())
      .catch(() => fail(words.dataset.away))
      .finally(() => (waiting -= 1));
  }

  function decide(going, act, more) {
    const body = sent(act, more);
    step(going);
    queue(() => settle(going, body));
  }

  // Whoever comes behind one of them in the list, or else before it.
  function neighbour(one, stays) {
    const every = [...cases.querySelectorAll(".case")];
    const at = every.indexOf(one);
    return every.slice(at + 1).find(stays) || every.slice(0, at).findLast(stays);
  }

  // The next comment comes under the cursor at once, whatever the network takes.
  function step(going) {
    for (const one of going) one.dataset.going = "";
    const next = neighbour(going.at(-1), (other) => !("going" in other.dataset));
    if (next) stand(next);
  }

  function stay(going) {
    const from = going[0].querySelector(".refusing[hidden] [data-left]");
    for (const one of going) {
      delete one.dataset.going;
      one.querySelector(".refusing")?.removeAttribute("hidden");
    }
    stand(going[0]);
    // To go on with what was sent from a panel, unless somebody writes elsewhere by now.
    if (document.activeElement === going[0]) from?.focus();
  }

  // Whether somebody is writing what would be lost with the page; what is hidden is on its way.
  const drafts = (within = cases) =>
    [...within.querySelectorAll(".refusing:not([hidden]) textarea")].some((text) => text.value.trim());

  // Leads to what is being written on one of these, and would go with it.
  function written(going) {
    const text = going.find(drafts)?.querySelector(".refusing textarea");
    text?.focus();
    return Boolean(text);
  }

  // A service that hangs is as good as away.
  const ask = (path, asked) => fetch(path, { signal: AbortSignal.timeout(ANSWER_MS), ...asked });

  async function settle(going, body) {
    const asked = { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } };
    const answer = await ask(form.action, asked).catch(() => null);
    if (!answer) {
      stay(going);
      fail(words.dataset.away);
      return;
    }
    const found = answer.redirected ? null : await answer.json().catch(() => null);
    if (!found) {
      // A page that shows what was written with this, but nothing of what else is being written.
      if (!drafts()) post(body);
      else fail(words.dataset.away);
      stay(going);
      return;
    }
    if (!answer.ok) {
      stay(going);
      fail(found.detail);
      return;
    }
    if (found.told) tell(found.told);
    countAll(found.every);
    // What was for several is for none that come after.
    if (!body.get("act").includes(" ")) form.elements.reason.value = form.elements.note.value = "";
    for (const [name, n] of Object.entries(found.counts)) {
      const shown = document.querySelector(`[data-count="${name}"]`);
      if (!shown) continue;
      if (name === state) document.title = document.title.replace(shown.textContent, number.format(n));
      shown.textContent = number.format(n);
    }
    if (found.failed.length || state === "all") {
      for (const one of going) {
        delete one.dataset.going;
        const panel = one.querySelector(".refusing");
        if (!panel) continue;
        // What was written stays, to be decided on again by who knows now what it has become.
        const isKept = found.failed.includes(idOf(one)) && panel.querySelector("textarea").value.trim();
        if (isKept) one.dataset.told = "";
        else panel.remove();
        panel.hidden = false;
      }
      await renew(ask(location.href));
      return;
    }
    const gone = new Set(going.map(idOf));
    shown([...versions(form)].filter(([id]) => !gone.has(id)));
    for (const one of going) one.remove();
    if (!here?.isConnected) stand(all()[0]);
    if (!all().length) await renew(ask(location.href));
  }

  // How many there are of the list stands on the choice of all of them.
  function countAll(text) {
    const choice = form.querySelector("[name=which] [value=all]");
    if (choice && text) choice.textContent = text;
  }

  // What a button names, or else what is the last when its turn has come; once at a time.
  let undoing = false;
  function undo(named) {
    if (undoing) return;
    undoing = true;
    queue(async () => {
      try {
        const last = named ?? undoable();
        if (!last) return;
        const body = sent("undo", { undo: last });
        const came = await renew(ask(`${base}/desk/undo`, { method: "POST", body }));
        if (came) stand(came);
      } finally {
        undoing = false;
      }
    });
  }

  function reload() {
    left = true;
    location.reload();
  }

  // The list as the service shows it now. What has not changed stays as it is, ticks included.
  // The first comment that has come into it, if any has.
  async function renew(asked) {
    const page = await read(await asked);
    if (!page.getElementById("cases")) {
      const problem = page.querySelector("p.state")?.textContent;
      // Somebody who is signed out, or another page.
      if (problem) fail(problem);
      else if (drafts()) fail(words.dataset.away);
      else reload();
      return null;
    }
    if (page.querySelector(".case") && !offers()) {
      reload();
      return null;
    }
    return merge(page);
  }

  const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
  const panels = (from) => from.querySelectorAll("template[id^=refusing-]");
  const offers = () => reads || panels(document).length;
  const undoable = () => told.querySelector("button")?.value;
  const versions = (from) => new Map(from.elements.shown.value.split(" ").map((pair) => pair.split(".")));
  const shown = (pairs) => (form.elements.shown.value = pairs.map((pair) => pair.join(".")).join(" "));

  // What comments of other sites are refused for comes with them.
  function offer(page) {
    for (const one of panels(page)) if (!document.getElementById(one.id)) form.append(one);
  }

  // What may be given for several, by what is in the list now.
  function offerSeveral(fresh) {
    const [shared, now] = [form.elements.reason, fresh.elements.reason];
    if (!shared || !now) return;
    const { value } = shared;
    shared.replaceChildren(...now.options);
    shared.value = [...shared.options].some((one) => one.value === value) ? value : "";
  }

  function merge(page) {
    const fresh = page.getElementById("desk");
    const [was, is] = [versions(form), versions(fresh)];
    // In what somebody writes they go on, in the version that they saw.
    const writes = (one) => one.querySelector(".refusing:not([hidden])");
    const goes = (one) => !is.has(idOf(one)) && !writes(one);
    const next = here && goes(here) ? neighbour(here, (other) => !goes(other))?.id : null;
    let last = null;
    let came = null;
    offer(page);
    offerSeveral(fresh);
    for (const one of page.querySelectorAll(".case")) {
      const id = idOf(one);
      const old = document.getElementById(one.id);
      if (old && (was.get(id) === is.get(id) || writes(old))) {
        if (!("told" in old.dataset)) is.set(id, was.get(id));
        delete old.dataset.told;
        if ("reasons" in one.dataset) old.dataset.reasons = one.dataset.reasons;
        // Who else looks comes and goes without a change.
        looked(old, one.querySelector(".looker"));
        last = old;
        continue;
      }
      if (old) old.replaceWith(one);
      else if (last) last.after(one);
      else cases.prepend(one);
      if (!old) came ||= one;
      last = one;
    }
    for (const one of cases.querySelectorAll(".case")) {
      if (goes(one)) one.remove();
      else if (!is.has(idOf(one))) is.set(idOf(one), was.get(idOf(one)));
    }
    shown([...is]);
    form.elements.at.value = fresh.elements.at.value;
    cases.querySelector(".empty")?.remove();
    cases.append(...page.querySelectorAll("#cases > .empty"));
    const had = told.contains(document.activeElement);
    told.replaceChildren(...page.getElementById("told").children);
    document.querySelector(".states").replaceWith(page.querySelector(".states"));
    form.querySelector(".first")?.remove();
    told.after(...page.querySelectorAll("#desk > .first"));
    form.querySelector(".more")?.remove();
    cases.after(...page.querySelectorAll("#desk > .more"));
    document.title = page.title;
    countAll(page.querySelector("[name=which] [value=all]")?.textContent);
    if (many) many.hidden = !all().length;
    forget();
    // It may have been put there anew.
    if (!here?.isConnected) stand(document.getElementById(here?.id) || document.getElementById(next) || all()[0]);
    refocus(had);
    showLookers();
    return came;
  }

  // *line*: who else looks at it, or null.
  function looked(one, line) {
    const old = one.querySelector(".looker");
    if (old?.textContent === line?.textContent) return;
    old?.remove();
    if (line) one.firstElementChild.insertBefore(line, one.querySelector(".acts"));
  }

  // Who looks at what, by the comment, as last told; as long as nothing is, pages know as they come.
  let lookers = null;
  function showLookers() {
    if (!lookers) return;
    steady(() => {
      for (const one of cases.querySelectorAll(".case")) {
        const name = lookers[idOf(one)];
        const line = name && document.getElementById("looker").content.firstElementChild.cloneNode(true);
        if (line) line.textContent = fill(line.textContent, { name });
        looked(one, line);
      }
    });
  }

  // What comes in by itself moves nothing that somebody is about to press: by a pointer, by a key,
  // or else at the top of what is in sight.
  function steady(work) {
    const isSeen = (one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return bottom > above() && top < innerHeight;
    };
    const every = [...cases.querySelectorAll(".case")];
    const one = cases.querySelector(".case:hover") ?? (here && isSeen(here) ? here : every.find(isSeen));
    const spot = one?.querySelector(".acts") ?? one;
    const top = () => spot?.getBoundingClientRect().top ?? 0;
    const before = top();
    work();
    scrollBy(0, top() - before);
  }

  // Whoever stood on a button that is gone stands on the one that came for it, or in the list.
  function refocus(had) {
    if (!had) return;
    const button = told.querySelector("button");
    if (button) button.focus();
    else stand(here);
  }

  // What is told besides stays, with its undo.
  function fail(why) {
    const sentence = told.querySelector("p:not(.held)")?.textContent;
    tell({ sentence, failed: [why], undoes: undoable() });
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
    const had = told.contains(document.activeElement);
    told.replaceChildren(box);
    refocus(had);
    // It may have come upon what is under the cursor.
    if (here && document.activeElement === here) reveal(here);
  }

  // What is asked for within a comment, from a template; the last button closes it, and so does
  // Escape unless something is written. Nothing written is replaced.
  function open(one, template) {
    const old = one.querySelector(".refusing");
    if (old && (drafts(one) || old.dataset.sent)) {
      old.querySelector("textarea").focus();
      return null;
    }
    old?.remove();
    const panel = document.getElementById(template).content.firstElementChild.cloneNode(true);
    const close = () => {
      if (panel.dataset.sent) return;
      panel.remove();
      stand(one);
      refresh();
    };
    const [send] = panel.querySelectorAll("button");
    panel.querySelector("button:last-of-type").addEventListener("click", close);
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !drafts(one)) close();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send.click();
      else return;
      event.preventDefault();
    });
    one.firstElementChild.append(panel);
    panel.querySelector("select, textarea").focus();
    panel.scrollIntoView({ block: "nearest" });
    look(one, true);
    return panel;
  }

  function refuse(one) {
    const panel = open(one, `refusing-${one.dataset.reasons}`);
    if (!panel) return;
    const [reason, note] = panel.querySelectorAll("select, textarea");
    const send = () => {
      const because = { reason: reason.value, note: note.value };
      const field = document.activeElement;
      delete panel.querySelector("[data-left]")?.dataset.left;
      if (panel.contains(field)) field.dataset.left = "";
      field.blur();
      panel.hidden = true;
      decide([one], `reject ${idOf(one)}`, because);
    };
    panel.querySelector("button").addEventListener("click", send);
    reason.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      // The one that opened this may still be held down.
      if (!event.repeat) send();
    });
  }

  function reply(one) {
    const panel = open(one, "replying");
    if (!panel) return;
    const send = panel.querySelector("button");
    if (one.querySelector('[value^="approve "]')) send.textContent = send.dataset.approving;
    panel.action = `${base}/desk/comments/${idOf(one)}/reply`;
    const { csrf, back } = form.elements;
    const version = versions(form).get(idOf(one));
    for (const [name, value] of Object.entries({ csrf: csrf.value, back: back.value, version })) {
      panel.append(make("input", "", { type: "hidden", name, value }));
    }
    panel.addEventListener("submit", (event) => {
      event.preventDefault();
      if (panel.dataset.sent) return;
      panel.dataset.sent = "1";
      queue(async () => {
        const body = new URLSearchParams(new FormData(panel));
        const asked = { method: "POST", body };
        const answer = await ask(panel.action, asked).finally(() => delete panel.dataset.sent);
        // What is wrong with it is shown on the comment's own page, with the text.
        if (!answer.ok || !answer.redirected) {
          // But not at the cost of what else is being written.
          if (all().some((other) => other !== one && drafts(other))) fail(words.dataset.away);
          else post(body, panel.action);
          return;
        }
        panel.remove();
        await renew(answer);
        stand(here);
      });
    });
  }

  // looking.js tells the others, if it is there: who only reads is in nobody's way.
  function look(one, works) {
    window.looking?.at(one && idOf(one), works);
  }

  // Nobody leaves before what they have decided is on its way.
  form.addEventListener("submit", (event) => {
    // A panel's own form stands within this one.
    if (event.target !== form) return;
    const stays = event.submitter?.value === "stay";
    if (waiting || stays) event.preventDefault();
    if (!waiting || stays) return;
    turn.then(() => left || form.requestSubmit(event.submitter));
  });
  addEventListener("beforeunload", (event) => {
    if ((waiting || drafts()) && !left) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const taken = event.target.closest("#told button");
    if (taken) {
      event.preventDefault();
      undo(taken.value);
    }
    const button = event.target.closest("button[name=act]");
    const one = button?.closest(".case");
    if (!one || button.value.startsWith("delete ")) return;
    event.preventDefault();
    stand(one, false);
    if (!/^(ask|reply) /.test(button.value) && written([one])) return;
    if (button.value.startsWith("ask ")) refuse(one);
    else if (button.value.startsWith("reply ")) reply(one);
    else decide([one], button.value);
  });
  cases.addEventListener("focusin", (event) => stand(event.target.closest(".case"), false));

  const ticked = () => all().filter((one) => one.querySelector("header :checked"));

  // Of what is ticked, if anything is.
  function several(key) {
    const verbs = { a: "approve", s: "spam", h: "hold" };
    const { reason, which } = form.elements;
    which.value = "picked";
    if (written(ticked())) return;
    if (document.activeElement === reason) decide(ticked(), "reject");
    else if (verbs[key]) decide(ticked(), verbs[key]);
    else if (key === "d") form.requestSubmit(form.querySelector(".many [value=delete]"));
    else reason.focus();
  }

  // As for one: Enter on the reason refuses, Escape goes back to the list.
  const many = document.querySelector(".many");
  many?.addEventListener("keydown", (event) => {
    const { reason, which } = form.elements;
    if (event.key === "Escape") {
      event.target.blur();
      stand(here);
    } else if (event.key === "Enter" && event.target === reason && which.value === "picked" && ticked().length) {
      if (event.repeat) return;
      several("r");
      if (document.activeElement !== reason) return;
      reason.blur();
      stand(here);
    } else return;
    event.preventDefault();
  });
  const search = document.querySelector("input[type=search]");
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || search.value) return;
    search.blur();
    stand(here);
  });

  // keys.js says when, if it is there.
  const keyboard = window.keyboard ?? {};
  keyboard.press = (key) => {
    const list = all();
    const at = list.indexOf(here);
    const decides = /^[asrhd]$/.test(key);
    const isForSeveral = decides && ticked().length;
    if (decides && document.activeElement.closest(".more")) stand(here);
    else if (here && /^[jkxasrhd]$/.test(key) && !isForSeveral && !inSight(here)) stand(list.find(inSight) || here);
    else if (key === "j" && at === list.length - 1) form.querySelector(".more a")?.focus();
    else if (key === "j") stand(list[Math.min(at + 1, list.length - 1)]);
    else if (key === "k") stand(list[Math.max(at - 1, 0)]);
    else if (key === "/") {
      document.querySelector("details.filters").open = true;
      search.focus();
    } else if (reads) return false;
    else if (key === "u") undo();
    else if (undoing && (decides || key === "x")) return true;
    else if (isForSeveral) several(key);
    else if (!here || "going" in here.dataset) return false;
    else if (key === "x") {
      here.querySelector("[type=checkbox]").click();
      // What is for several comes up from below.
      reveal(here);
    } else if (decides) here.querySelector(`[data-key="${key}"]`)?.click();
    else return false;
    return true;
  };

  // What comes in meanwhile waits behind a line; nothing moves by itself.
  const news = document.getElementById("news");
  const came = new Set();
  function announce() {
    const text = came.size === 1 ? words.dataset.newOne : words.dataset.newMany;
    if (came.size) news.firstElementChild.textContent = fill(text, { n: number.format(came.size) });
    news.hidden = !came.size;
  }
  function forget() {
    came.clear();
    announce();
  }

  // What somebody did and took back is as it was, in a later version: put there anew, but not under
  // what is being written, nor while nobody looks.
  const stale = new Set();
  let soon;
  function refresh(id) {
    if (id) stale.add(id);
    clearTimeout(soon);
    if (stale.size) soon = setTimeout(() => afresh().catch(() => {}), SOON_MS);
  }
  async function afresh() {
    if (document.hidden) return;
    const page = await read(await ask(location.href));
    // Somebody between us and the service may have answered.
    if (!page.getElementById("desk")) return;
    offer(page);
    for (const id of stale) {
      const one = document.getElementById(`c-${id}`);
      if (one?.querySelector(".refusing") || (one && "going" in one.dataset)) continue;
      stale.delete(id);
      const fresh = page.getElementById(`c-${id}`);
      if (!one || !fresh) continue;
      const known = versions(form);
      known.set(id, versions(page.getElementById("desk")).get(id));
      shown([...known]);
      const tick = fresh.querySelector("header [type=checkbox]");
      if (tick) tick.checked = one.querySelector("header [type=checkbox]").checked;
      const isFocused = one.contains(document.activeElement);
      one.replaceWith(fresh);
      if (here === one) stand(fresh, isFocused);
    }
    showLookers();
  }
  document.addEventListener("visibilitychange", () => refresh());

  // Whether a list holds what this is told of, where that tells it.
  function belongs({ to, site, article }) {
    const asks = words.dataset;
    const isShown = state === "all" ? to !== "deleted" : to === state;
    return asks.live && isShown && (!asks.site || site === asks.site) && (!asks.article || article.url === asks.article);
  }

  // live.js hears of it, if it is there.
  const heard = {
    submitted(decision) {
      // What somebody has written here themselves is no news to them.
      if (!belongs(decision) || decision.by === me) return;
      came.add(decision.comment);
      announce();
    },
    decided(decision) {
      if (!belongs(decision) && came.delete(decision.comment)) announce();
      const one = document.getElementById(`c-${decision.comment}`);
      if (!one || decision.by === me) return;
      if (decision.to === state) {
        refresh(decision.comment);
        return;
      }
      const said = fill(words.dataset.decided, { state: words.dataset[decision.to], who: decision.by });
      steady(() => {
        one.querySelector(".meanwhile")?.remove();
        one.firstElementChild.append(make("p", said, { className: "held meanwhile" }));
      });
    },
    looking(told) {
      ({ lookers } = told);
      showLookers();
    },
  };
  window.live?.(`${base}/desk/events`, heard, () => {
    heard.looking({ lookers: {} });
    lookers = null;
  });

  stand(document.querySelector(".case:target") || all()[0], false);
})();
