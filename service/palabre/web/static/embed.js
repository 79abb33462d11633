// <palabre-comments article="/a" lang="fr">: an article's comments and their form, in place.
// It asks this service only, sets no cookie, and runs under `default-src 'self'`.
// Themes: the properties --palabre-… in STYLE, and ::part() by the names that follow `part:`.
// WORDS[code] is the catalogues' sentence, one a language of TAGS: the service writes it in its
// place, and leaves out comments, spaces beside punctuation, and a list's last comma.
(() => {
  if (customElements.get("palabre-comments")) return;

  const TAGS = [];
  const HOME = new URL(".", document.currentScript.src);

  const STYLE = new CSSStyleSheet();
  STYLE.replaceSync(`
    :host([hidden]) { display: none; }
    :host {
      display: block; font: var(--palabre-font, inherit); overflow-wrap: anywhere;
      --accent: var(--palabre-accent, light-dark(#0b5c6b, #7fd0de));
      --on-accent: var(--palabre-on-accent, light-dark(#fff, #000));
      --soft: var(--palabre-soft, color-mix(in srgb, currentColor 80%, transparent));
      --line: var(--palabre-line, color-mix(in srgb, currentColor 25%, transparent));
      --wash: var(--palabre-wash, light-dark(#e8f1f2, #1d3237));
      --bad: var(--palabre-bad, light-dark(#a02c1f, #ff9d8f));
      --radius: var(--palabre-radius, 6px);
    }
    * { box-sizing: border-box; }
    h2, p, label, button, [part=by] * { unicode-bidi: plaintext; }
    h2, p { text-align: match-parent; text-align: -webkit-match-parent; }
    [href] { color: var(--accent); }
    h2 { font-size: 1.25em; margin: 1.6em 0 .4em; }
    p { margin: .4em 0; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    ol:empty, p[id]:empty { display: none; }
    ol[part] { list-style: none; margin: 0; padding: 0; }
    ol ol[part] { margin-inline-start: min(3vw, 1.75em); padding-inline-start: min(3vw, 1.25em); border-inline-start: 2px solid var(--line); }
    [part=comment] { border-top: 1px solid var(--line); padding-top: .9em; outline: 0; }
    [part=comment]:focus > [part=text] { background: var(--wash); box-shadow: 0 0 0 .5em var(--wash); border-radius: var(--radius); }
    [part=by], [part=pair] { display: flex; flex-wrap: wrap; gap: 0 .8em; align-items: baseline; position: relative; }
    [part=by] { padding-inline-start: 2.6em; }
    [part=by] > * { min-height: 24px; }
    [part=disc] { position: absolute; top: -.15em; inset-inline-start: 0; width: 1.9em; line-height: 1.9em; border-radius: 50%; text-align: center; color: #000; background: hsl(var(--hue) 45% 82%); }
    label, [part=name], [part=error], [part=status], [part=submit] { font-weight: 600; }
    [part=name], [part=text] { overflow: clip; overflow-clip-margin: .4em; }
    [part=text] { font: var(--palabre-read, inherit); }
    [part=time], [part=hint], [part=gone], [part=badge], [part=reply], [part=report], [part=privacy] { color: var(--soft); font-size: .875em; }
    [part=time] { text-decoration: none; }
    [part=privacy], [part=report] { padding: .5em 0; }
    [part=badge] { color: var(--accent); border: 1px solid; border-radius: 3px; padding: 0 .4em; }
    pre { white-space: pre-wrap; }
    blockquote, [part=state] { margin: .8em 0; padding-inline-start: .8em; border-inline-start: 4px solid var(--accent); }
    button, input, textarea { font: inherit; color: inherit; min-height: 2.75em; border: 1px solid var(--soft); border-radius: var(--radius); background: none; padding: .45em .8em; }
    [part=reply] { border: 0; padding: 0; color: var(--accent); text-decoration: underline; }
    [part=submit] { background: var(--accent); border: 0; color: var(--on-accent); }
    input, textarea { display: block; width: 100%; margin-top: .2em; }
    textarea { min-height: 9em; }
    label:has(+ :required)::after { content: " *"; color: var(--bad); }
    [part=pair] > * { flex: 1 15em; }
    form > p, [part=field], [part=form] { margin-bottom: 1.1em; }
    [part=error] { color: var(--bad); }
    [aria-invalid=true] { border: 2px solid var(--bad); }
    [name=subject] { position: absolute; width: 0; clip-path: inset(50%); }
  `);

  // The one way in for markup: a comment's `html`, which the service has made safe.
  const AS_IT_IS = { createHTML: String };
  const SAFE = self.trustedTypes?.createPolicy("palabre", AS_IT_IS) ?? AS_IT_IS;

  // An element with its properties and children; a child that is no node is text.
  const make = (tag, given, ...inside) => {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...inside);
    return made;
  };

  // An answer's members, its status, and what its headers say; nothing while the service is away.
  const ask = async (path, sent) => {
    try {
      const answer = await fetch(new URL(path, HOME), { signal: AbortSignal.timeout(3e4), ...sent });
      const { headers, status } = answer;
      const [, privacy = ""] = /<([^>]+)>;\s*rel="privacy-policy"/.exec(headers.get("link")) ?? [];
      return { ...(await answer.json()), status, privacy, language: headers.get("content-language") };
    } catch {
      return {};
    }
  };

  // One article's comments and form, in `root`. `given`: what the element says of the article,
  // whose `article` becomes the address by which the service knows it. Resolves to `seek`.
  const begin = async (root, given, listing) => {
    const items = new Map();
    const whole = make("div", {}, make("slot"));
    root.adoptedStyleSheets = [STYLE];
    root.replaceChildren(whole);
    const first = await ask(listing);

    const [lang] = [first.language, given.lang, ...navigator.languages, "fr"].flatMap((tag) =>
      TAGS.filter((ours) => RegExp(`^${ours.slice(0, 2)}\\b`, "i").test(tag)),
    );
    const nth = TAGS.indexOf((whole.lang = lang));

    // Both languages have a plural from two on.
    const say = (forms, values) => {
      const form = forms[nth];
      return (form.pop ? form[+(values.n > 1)] : form).replace(/{(\w+)}/g, (_, name) => values[name].toLocaleString(lang));
    };

    // What is wrong with an answer: of several fields the last, the article rather than the site.
    const fault = ({ errors, detail }) => errors?.at(-1)?.message ?? detail ?? say(WORDS["embed.away"]);

    // A comment's state, to its author.
    const standing = ({ state }) =>
      say(
        {
          pending: WORDS["receipt.state.pending"],
          approved: WORDS["receipt.state.approved"],
          rejected: WORDS["receipt.state.rejected"],
          spam: WORDS["receipt.state.spam"],
        }[state],
      );

    // A moment in words, by the reader's own clock.
    const when = (moment) =>
      new Date(moment)
        .toLocaleString(lang, { dateStyle: "long", timeStyle: "short" })
        .replace(/0?(\d+):(\d+)/, say(WORDS["embed.clock"]));

    // What this browser remembers of the article: the draft, and the receipts of what waits.
    const memory = (change) => {
      const name = "palabre " + given.article;
      let found;
      try {
        found = JSON.parse(localStorage[name]);
      } catch {}
      found = { ...found, ...change };
      found.mine = [].concat(found.mine ?? []);
      try {
        if (found.draft || found.mine[0]) localStorage[name] = JSON.stringify(found);
        else delete localStorage[name];
      } catch {}
      return found;
    };

    // --- The form

    const status = make("p", { part: "status", role: "status", tabIndex: -1 });
    const tell = (text, kept) => {
      status.textContent = text + (kept ? " " + say(WORDS["form.kept"]) : "");
    };

    // What tells a person's comment from a program's. Without it, the form works all the same.
    // Where it is sent, which may take a second under attack, `tell` is a function.
    const bring = (tell) => import(HOME + "static/guard.js").then((found) => found.guard(form, given, tell), String);

    const field = (name, label, type, hint = "", autocomplete = type) => {
      const input = make(type ? "input" : "textarea", {
        id: name,
        name,
        dir: "auto",
        autocomplete,
        onfocus: bring,
      });
      if (type) input.type = type;
      input.required = type != "url";
      input.setAttribute("aria-describedby", "error-" + name + " hint-" + name);
      return make(
        "div",
        { part: "field" },
        make("label", { htmlFor: name }, label),
        input,
        make("p", { part: "error", id: "error-" + name }),
        make("p", { part: "hint", id: "hint-" + name }, hint),
      );
    };

    let to; // The comment that the form replies to,
    let key = ""; // and what tells a second try of the same.

    // What the form has to send; the draft of it is kept, unless another text is: another tab's.
    const keep = (typed) => {
      // The draft is all but the address: that is nowhere kept, not even here.
      const { email, ...draft } = Object.fromEntries(new FormData(form));
      Object.assign(draft, { parent: to?.id ?? "", idempotency_key: key });
      if (typed || (memory().draft?.comment || draft.comment) == draft.comment) memory({ draft });
      return { ...draft, email };
    };

    // The form below the comment it replies to, or back in its own place.
    const reply = (parent) => {
      const from = to;
      if (from == parent) return;
      to = parent;
      tell("");
      cancel.hidden = !to;
      head.textContent = to ? say(WORDS["form.in_reply_to"], to.author) : say(WORDS["form.title"]);
      if (to) items.get(to.id).lastChild.before(form);
      else {
        place.append(form);
        items.get(from.id)?.querySelector("[part=reply]").focus();
      }
      keep();
    };

    // Each error beside its field, the first of them in focus; whether there is any.
    const wrong = (errors = []) => {
      const found = [...form.querySelectorAll("[dir]")].filter((input) => {
        const error = errors.find(({ field }) => field == input.name);
        input.ariaInvalid = !!error;
        input.nextSibling.textContent = error?.message;
        return error;
      });
      const names = found.map((input) => input.previousSibling.textContent).join(", ");
      if (names) tell(say(WORDS["embed.wrong"], { names }));
      found[0]?.focus();
      return names;
    };

    const send = async (event) => {
      event.preventDefault();
      if (text.readOnly) return;
      const empty = [...form].filter((input) => input.required && !input.value.trim());
      if (wrong(empty.map(({ name: field }) => ({ field, message: say(WORDS["field.required"]) })))) return;
      key ||= crypto.getRandomValues(new Uint32Array(4)).join("-");
      text.readOnly = true;
      tell(say(WORDS["embed.sending"]));
      await bring(tell);
      const sent = keep();
      const title = document.title.slice(0, 300).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "");
      const body = new URLSearchParams({ ...sent, ...given, lang, title });
      const told = await ask("v1/comments", { method: "POST", body });
      text.readOnly = false;
      if (told.comment) return stored(told, sent);
      if (told.code == "idempotency_mismatch") {
        // The first try was stored after all; this is another text, for another key.
        key = "";
        keep();
      }
      if (told.errors?.[0]?.field == "parent") reply();
      if (wrong(told.errors)) return;
      tell(fault(told), true);
      status.focus();
    };

    const stored = ({ comment, receipt: { token } }, sent) => {
      key = "";
      text.value = "";
      reply();
      const { draft, mine } = memory();
      if (draft?.comment == sent.comment) memory({ draft: null });
      if (comment.state == "approved") total(count + 1);
      else memory({ mine: [...mine, token] });
      tell(standing(comment));
      status.focus();
      // Unless the listing is away.
      add(comment, token).focus();
    };

    const restore = async () => {
      const draft = memory().draft ?? {};
      for (const input of form) input.value ||= draft[input.name] ?? "";
      key ||= draft.idempotency_key ?? "";
      if (!to && draft.parent) {
        // What is written meanwhile answers it, too.
        const parent = (to = { id: draft.parent });
        const item = await find(draft.parent);
        if (to == parent) {
          to = null;
          const at = form.querySelector(":focus");
          if (item?.comment.author && open) reply(item.comment);
          at?.focus();
        }
      }
      // Only now, since whoever types meanwhile goes on in the draft and replaces none.
      for (const token of memory().mine) await recall(token);
    };

    const head = make("h2", { part: "heading" }, say(WORDS["form.title"]));
    const note = make("p", {}, say(WORDS["form.required_note"]));
    const cancel = make(
      "button",
      { part: "cancel", type: "button", hidden: true, onclick: () => reply() },
      say(WORDS["embed.cancel"]),
    );
    const privacy = make("a", { part: "privacy" }, say(WORDS["form.privacy"]));
    const form = make(
      "form",
      {
        part: "form",
        noValidate: true,
        onsubmit: send,
        oninput: keep,
        onkeydown: ({ key }) => {
          if (key == "Escape") reply();
        },
      },
      head,
      note,
      field("comment", say(WORDS["form.comment"]), "", say(WORDS["form.comment_hint"])),
      make(
        "div",
        { part: "pair" },
        field("name", say(WORDS["form.name"]), "text", "", "name"),
        field("email", say(WORDS["form.email"]), "email", say(WORDS["embed.email_hint"])),
      ),
      field("website", say(WORDS["form.website"]), "url"),
      // For programs that fill in everything.
      make("input", { name: "subject", tabIndex: -1, ariaHidden: true, autocomplete: "off" }),
      make("button", { part: "submit" }, say(WORDS["form.submit"])),
      " ",
      cancel,
      make("p", {}, privacy),
    );
    const text = form.elements.comment;

    // --- The listing

    let open; // Whether the article takes comments,
    let count; // how many it has,
    let after; // and where the next page is.

    const heading = make("h2", { part: "heading", tabIndex: -1 });
    const list = make("ol", { part: "list" });
    const more = make(
      "button",
      { part: "more", onclick: async () => (await next())?.focus() },
      say(WORDS["listing.more"]),
    );
    const retry = make(
      "button",
      { part: "retry", onclick: async () => load(await ask(listing), true) },
      say(WORDS["embed.retry"]),
    );
    const place = make("div");

    const total = (n) => {
      count = n;
      heading.textContent = n ? say(WORDS["listing.count"], { n }) : say(WORDS["listing.none"]);
    };

    const show = (page) => {
      total(page.article.count);
      page.comments.forEach((comment) => add(comment));
      // The parent of one that stands alone so far may have come.
      items.forEach((item) => item.token && add(item.comment));
      after = page.next;
      more.hidden = !after;
    };

    // The next page: its first item, if there is one.
    const next = async () => {
      if (!after) return;
      const page = await ask(after);
      if (!page.comments) return tell(fault(page));
      show(page);
      return items.get(page.comments[0]?.id);
    };

    // A comment's item, if it is on one of the next few pages.
    const find = async (id, pages = 5) =>
      items.get(id) ?? (id && pages && (await next()) ? find(id, pages - 1) : null);

    const seek = async () => (await find(location.hash.split("#comment-")[1]))?.focus();

    const add = (comment, token) => {
      const item = items.get(comment.id) ?? itemOf(comment, token);
      items.set(comment.id, item);
      (items.get(comment.parent)?.lastChild ?? list).append(item);
      return item;
    };

    const itemOf = (comment, token) => {
      const { id, author } = comment;
      const item = make("li", { part: "comment", id: "comment-" + id, tabIndex: -1, comment, token });
      if (author) {
        item.append(by(comment), make("div", { part: "text", dir: "auto", innerHTML: SAFE.createHTML(comment.html) }));
      } else item.append(make("p", { part: "gone" }, say(WORDS["listing.deleted"])));
      if (token) {
        const href = `${HOME}v1/receipts/${token}?lang=${lang}`;
        item.append(make("p", { part: "state" }, standing(comment), " ", make("a", { part: "receipt", href }, say(WORDS["receipt.title"]))));
      } else if (author) {
        const onclick = () => {
          reply(comment);
          text.focus();
        };
        const ariaLabel = say(WORDS["listing.reply_to"], author);
        if (open) item.append(make("button", { part: "reply", onclick, ariaLabel }, say(WORDS["listing.reply"])), " ");
        const href = `${HOME}v1/comments/${id}/report?lang=${lang}`;
        item.append(make("a", { part: "report", href, rel: "nofollow" }, say(WORDS["listing.report"])));
      }
      item.append(make("ol", { part: "replies" }));
      return item;
    };

    const by = ({ id, author: { name, website, hue, moderator }, created_at, edited_at }) => {
      const letter = (/[\p{L}\p{N}]/u.exec(name) ?? [...name])[0].toUpperCase();
      const disc = make("b", { part: "disc", ariaHidden: true, style: "--hue:" + hue }, letter);
      const who = make("a", { part: "name", rel: "nofollow ugc noopener" }, name);
      if (/^https?:/i.test(website)) who.href = website;
      const made = make("div", { part: "by" }, disc, who);
      if (moderator) made.append(make("span", { part: "badge" }, say(WORDS["listing.moderator"])));
      made.append(make("a", { part: "time", href: "#comment-" + id }, make("time", { dateTime: created_at }, when(created_at))));
      if (edited_at) made.append(make("time", { part: "time", dateTime: edited_at, title: when(edited_at) }, say(WORDS["listing.edited"])));
      return made;
    };

    // A comment of the reader's own that was not public when last seen.
    const recall = async (token) => {
      const { comment, status } = await ask("v1/receipts/" + token);
      const forget = () => memory({ mine: memory().mine.filter((other) => other != token) });
      if (status == 404 || /approved|deleted/.test(comment?.state)) forget();
      else if (comment) {
        await find(comment.parent);
        // Whoever has met a refusal need not meet it at each visit.
        const item = add(comment, token);
        if (comment.state != "pending") new IntersectionObserver(([found]) => found.isIntersecting && forget()).observe(item.querySelector("[part=state]"));
      }
    };

    const load = async (page, again) => {
      const { article, comments } = page;
      if (article) {
        // What was remembered under the page's own name of it is now under the service's.
        const { draft, mine } = memory();
        memory({ draft: null, mine: [] });
        given.article = article.url;
        const kept = memory();
        memory({ draft: draft?.comment ? draft : kept.draft, mine: [...kept.mine, ...mine] });
      }
      privacy.hidden = !(privacy.href = page.privacy ?? "");
      open = article?.open;
      // Where nothing can be sent, what was written can be copied.
      const over = open == false || (page.detail && page.status < 429);
      const value = memory().draft?.comment;
      place.replaceChildren(over ? status : form);
      if (!over) note.after(status);
      else if (value) place.append(make("textarea", { value, ariaLabel: say(WORDS["form.comment"]), readOnly: true }));
      // What stood in the element is better than nothing.
      whole.replaceChildren(...(comments ? [heading, list, more] : [make("slot"), status, retry]), place);
      if (comments) show(page);
      tell(comments ? (over ? say(WORDS["form.closed"]) : "") : fault(page), over && value);
      if (again) (comments ? heading : retry).focus();
      await restore();
      seek();
    };

    load(first);
    return seek;
  };

  customElements.define(
    "palabre-comments",
    class extends HTMLElement {
      static observedAttributes = ["article", "lang", "site"];

      root = this.attachShadow({ mode: "open" });

      connectedCallback() {
        addEventListener("hashchange", this);
        this.attributeChangedCallback();
      }

      disconnectedCallback() {
        removeEventListener("hashchange", this);
      }

      async handleEvent() {
        (await this.seek)();
      }

      // Anew when it is about something else than before.
      attributeChangedCallback() {
        if (!this.isConnected) return;
        const given = {
          // Nearly as the service writes it, by which the draft is found while that is away.
          article: new URL(this.getAttribute("article") ?? "", location).href.replace(/\/?(\?.*?)?(#.*)?$/, "$1"),
          lang: this.closest("[lang]")?.lang ?? "",
          site: this.getAttribute("site") ?? "",
        };
        const listing = "v1/comments?" + new URLSearchParams(given);
        if (listing != this.listing) this.seek = begin(this.root, given, listing);
        this.listing = listing;
      }
    },
  );
})();
