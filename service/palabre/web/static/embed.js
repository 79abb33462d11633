// <palabre-comments article="/a" lang="fr">: an article's comments and their form, in place.
// It asks this service only, sets no cookie, and runs under `default-src 'self'`.
// Themes: the properties --palabre-… in STYLE, and ::part() by the names that follow `part:`.
(() => {
  if (customElements.get("palabre-comments")) return;

  const TAGS = []; // The service puts in its languages, and of the catalogues' sentences
  const WORDS = {}; // those that say() names, in each language.
  const HOME = new URL(".", document.currentScript.src);

  const STYLE = new CSSStyleSheet();
  STYLE.replaceSync(`
    :host([hidden]) { display: none; }
    :host {
      display: block; font: var(--palabre-font, inherit); overflow-wrap: anywhere;
      --accent: var(--palabre-accent, light-dark(#0b5c6b, #7fd0de));
      --on-accent: var(--palabre-on-accent, light-dark(#fff, #06262c));
      --soft: var(--palabre-soft, color-mix(in srgb, currentColor 80%, transparent));
      --line: var(--palabre-line, color-mix(in srgb, currentColor 25%, transparent));
      --wash: var(--palabre-wash, light-dark(#e8f1f2, #1d3237));
      --bad: var(--palabre-bad, light-dark(#a02c1f, #ff9d8f));
      --radius: var(--palabre-radius, 6px);
    }
    * { box-sizing: border-box; }
    a { color: var(--accent); }
    h2 { font-size: 1.25em; margin: 2rem 0 .5rem; }
    p { margin: .4em 0; }
    :focus-visible { outline: 3px solid; outline-offset: 2px; }
    ol:empty, p[id]:empty { display: none; }
    [part=list], [part=replies] { list-style: none; margin: 0; padding: 0; }
    [part=replies] { margin-inline-start: clamp(.5rem, 3vw, 1.75rem); padding-inline-start: clamp(.6rem, 2vw, 1.25rem); border-inline-start: 2px solid var(--line); }
    [part=comment] { border-top: 1px solid var(--line); padding-top: .9rem; outline: 0; }
    [part=comment]:focus > [part=text] { background: var(--wash); box-shadow: 0 0 0 .5rem var(--wash); border-radius: var(--radius); }
    [part=by] { display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: center; }
    [part=disc] { width: 1.9rem; line-height: 1.9rem; border-radius: 50%; text-align: center; color: #1f1d1a; background: hsl(var(--hue) 45% 82%); }
    [part=time], [part=hint], [part=gone] { color: var(--soft); font-size: .875em; }
    [part=time] { text-decoration: none; line-height: 1.75rem; }
    [part=badge] { color: var(--accent); border: 1px solid; border-radius: 3px; padding: 0 .4em; font-size: .8125em; }
    [part=state] { margin: .8rem 0; padding-inline-start: .8rem; border-inline-start: 5px solid var(--accent); }
    pre { white-space: pre-wrap; }
    blockquote { margin: .5em 0; padding-inline-start: .8rem; border-inline-start: 3px solid var(--line); }
    button, input, textarea { font: inherit; color: inherit; min-height: 2.75rem; border: 1px solid var(--soft); border-radius: var(--radius); background: none; padding: .45rem .8rem; }
    button { cursor: pointer; }
    [part=reply] { border: 0; padding: 0; color: var(--accent); text-decoration: underline; }
    [part=submit] { background: var(--accent); color: var(--on-accent); font-weight: 600; }
    input, textarea { display: block; width: 100%; margin-top: .2rem; }
    textarea { min-height: 9rem; }
    label { font-weight: 600; }
    [part=pair] { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 0 1.1rem; }
    [part=field] { margin-bottom: 1.1rem; }
    [part=error], [part=status] { font-weight: 600; }
    [part=error] { color: var(--bad); }
    [aria-invalid=true] { border: 2px solid var(--bad); }
    [part=away] { position: absolute; clip-path: inset(50%); }
  `);

  // The one way in for markup: a comment's `html`, which the service has made safe.
  const SAFE = self.trustedTypes?.createPolicy("palabre", { createHTML: (html) => html }) ?? {
    createHTML: String,
  };

  // An element with its properties and children; a child that is no node is text.
  const make = (tag, given, ...inside) => {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...inside);
    return made;
  };

  // An answer's members and its status; nothing while the service is away.
  const ask = async (path, sent) => {
    try {
      const answer = await fetch(new URL(path, HOME), { signal: AbortSignal.timeout(3e4), ...sent });
      return { ...(await answer.json()), status: answer.status };
    } catch {
      return {};
    }
  };

  class Comments extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [STYLE];
      const lang = this.closest("[lang]")?.lang.slice(0, 2).toLowerCase();
      this.nth = Math.max(0, TAGS.findIndex((tag) => tag.startsWith(lang)));
      this.tag = TAGS[this.nth];
      this.url = new URL(this.getAttribute("article") ?? "", document.baseURI).href.split("#")[0];
      this.site = this.getAttribute("site") ?? "";
      this.items = new Map();
      this.heading = make("h2", { part: "heading" });
      this.list = make("ol", { part: "list" });
      this.more = make(
        "button",
        { part: "more", onclick: async () => (await this.next())?.focus() },
        this.say("listing.more"),
      );
      this.place = make("div");
      this.build();
      this.draft = this.memory().draft ?? {};
      this.whole = this.shadowRoot.appendChild(make("div", { lang: this.tag }, make("slot")));
      addEventListener("hashchange", () => this.seek());
      this.load();
    }

    say(code, values) {
      let form = WORDS[code][this.nth];
      if (form.pop) form = form[+(new Intl.PluralRules(this.tag).select(values.n) != "one")];
      return form.replace(/{(\w+)}/g, (_, name) => values[name].toLocaleString(this.tag));
    }

    // A moment in words, by the reader's own clock; hours as the catalogue writes them.
    when(moment) {
      const words = new Date(moment).toLocaleString(this.tag, { dateStyle: "long", timeStyle: "short" });
      const clock = this.say("when.clock.pattern");
      if (clock[1] == "H") return words;
      return words.replace(/0?(\d+):/, "$1" + clock.replace(/[Hm']/g, ""));
    }

    // What this browser remembers of the article: the draft, and the receipts of what waits.
    memory(change) {
      let found = {};
      try {
        const key = "palabre " + this.url;
        found = JSON.parse(localStorage[key] ?? "{}");
        if (change) localStorage[key] = JSON.stringify({ ...found, ...change });
      } catch {}
      return found;
    }

    async load() {
      const query = new URLSearchParams({ article: this.url, site: this.site });
      const page = await ask("v1/comments?" + query);
      this.open = page.article?.open;
      this.place.replaceChildren(
        ...(this.open == false ? [this.say("form.closed"), this.status] : page.detail ? [this.status] : [this.form]),
      );
      if (page.comments) {
        this.whole.replaceChildren(this.heading, this.list, this.more, this.place);
        this.tell("");
        this.show(page);
      } else {
        // What stood in the element is better than nothing.
        this.whole.replaceChildren(
          make("slot"),
          make("button", { part: "retry", onclick: () => this.load() }, this.say("embed.retry")),
          this.place,
        );
        this.tell(page.detail ?? this.say("embed.away"));
      }
      for (const token of this.memory().mine ?? []) await this.recall(token);
      await this.restore();
      this.seek();
    }

    show({ article, comments, next }) {
      this.total(article.count);
      comments.forEach((comment) => this.add(comment));
      // The parent of one that stands alone so far may have come.
      this.items.forEach((item) => item.token && this.add(item.comment));
      this.after = next;
      this.more.hidden = !next;
    }

    total(n) {
      this.n = n;
      this.heading.textContent = n ? this.say("listing.count", { n }) : this.say("listing.none");
    }

    // The next page: its first item, if there is one.
    async next() {
      if (!this.after) return;
      const page = await ask(this.after);
      if (!page.comments) return this.tell(page.detail ?? this.say("embed.away"));
      this.show(page);
      return this.items.get(page.comments[0]?.id);
    }

    // A comment's item, from whichever page it is on.
    async find(id) {
      for (let pages = 0; id && pages < 50 && !this.items.has(id); pages++) {
        if (!(await this.next())) break;
      }
      return this.items.get(id);
    }

    async seek() {
      (await this.find(/^#comment-(.+)/.exec(location.hash)?.[1]))?.focus();
    }

    add(comment, token) {
      const item = this.items.get(comment.id) ?? this.item(comment, token);
      this.items.set(comment.id, item);
      (this.items.get(comment.parent)?.lastChild ?? this.list).append(item);
      return item;
    }

    item(comment, token) {
      const { id, author } = comment;
      const item = make("li", { part: "comment", id: "comment-" + id, tabIndex: -1, comment, token });
      if (author) {
        const text = make("div", { part: "text", dir: "auto" });
        text.innerHTML = SAFE.createHTML(comment.html);
        item.append(this.by(comment), text);
      } else item.append(make("p", { part: "gone" }, this.say("listing.deleted")));
      if (token) {
        const href = `${HOME}v1/receipts/${token}?lang=${this.tag}`;
        const link = make("a", { part: "receipt", href }, this.say("receipt.title"));
        item.append(make("p", { part: "state" }, this.say("receipt.state." + comment.state), " ", link));
      } else if (author && this.open) {
        const onclick = () => {
          this.reply(comment);
          this.form.elements.comment.focus();
        };
        const ariaLabel = this.say("listing.reply_to", author);
        item.append(make("button", { part: "reply", onclick, ariaLabel }, this.say("listing.reply")));
      }
      item.append(make("ol", { part: "replies" }));
      return item;
    }

    by({ id, author, created_at, edited_at }) {
      const { name, website } = author;
      const letter = (/[\p{L}\p{N}]/u.exec(name) ?? [...name])[0].toUpperCase();
      const disc = make("b", { part: "disc", ariaHidden: true }, letter);
      disc.style.setProperty("--hue", author.hue);
      const who = make(/^https?:\/\//i.test(website) ? "a" : "b", { part: "name" }, make("bdi", {}, name));
      if (who.localName == "a") Object.assign(who, { href: website, rel: "nofollow ugc noopener" });
      const by = make("div", { part: "by" }, disc, who);
      if (author.moderator) by.append(make("span", { part: "badge" }, this.say("listing.moderator")));
      const time = make("time", { dateTime: created_at }, this.when(created_at));
      by.append(make("a", { part: "time", href: "#comment-" + id }, time));
      if (edited_at) {
        const given = { part: "time", dateTime: edited_at, title: this.when(edited_at) };
        by.append(make("time", given, this.say("listing.edited")));
      }
      return by;
    }

    // A comment of the reader's own that was not public when last seen.
    async recall(token) {
      const { comment, status } = await ask("v1/receipts/" + token);
      if (status == 404 || /approved|deleted/.test(comment?.state)) {
        this.memory({ mine: this.memory().mine.filter((other) => other != token) });
      } else if (comment) this.add(comment, token);
    }

    build() {
      const field = (name, label, type, hint = "", autocomplete = name) => {
        const input = make(type ? "input" : "textarea", { id: name, name, dir: "auto", autocomplete });
        if (type) input.type = type;
        input.required = label.endsWith("*");
        input.setAttribute("aria-describedby", `error-${name} hint-${name}`);
        return make(
          "div",
          { part: "field" },
          make("label", { htmlFor: name }, label),
          input,
          make("p", { part: "error", id: "error-" + name }),
          make("p", { part: "hint", id: "hint-" + name }, hint),
        );
      };
      const away = field("subject", this.say("form.leave_empty"), "text", "", "off");
      Object.assign(away, { part: "away", ariaHidden: true }).children[1].tabIndex = -1;
      this.head = make("h2", { part: "heading" }, this.say("form.title"));
      this.status = make("p", { part: "status", role: "status", tabIndex: -1 });
      const onclick = () => this.reply();
      this.cancel = make("button", { part: "cancel", type: "button", onclick }, this.say("embed.cancel"));
      this.form = make(
        "form",
        {
          part: "form",
          noValidate: true,
          onsubmit: (event) => this.send(event),
          oninput: () => this.memory({ draft: this.fields() }),
          onkeydown: ({ key }) => {
            if (key == "Escape") this.reply();
          },
        },
        this.head,
        make("p", {}, this.say("form.required_note")),
        this.status,
        field("comment", this.say("form.comment") + " *", "", this.say("form.comment_hint"), "off"),
        make(
          "div",
          { part: "pair" },
          field("name", this.say("form.name") + " *", "text"),
          field("email", this.say("form.email") + " *", "email", this.say("form.email_hint")),
        ),
        field("website", this.say("form.website"), "url", "", "url"),
        away,
        make("button", { part: "submit" }, this.say("form.submit")),
        " ",
      );
    }

    // The form below the comment it replies to, or back in its own place.
    reply(to) {
      const from = this.to;
      if (!to && !from) return;
      this.to = to;
      this.tell("");
      if (to) {
        this.head.textContent = this.say("form.in_reply_to", to.author);
        this.items.get(to.id).lastChild.before(this.form);
        this.form.append(this.cancel);
      } else {
        this.head.textContent = this.say("form.title");
        this.place.append(this.form);
        this.cancel.remove();
        this.items.get(from.id).querySelector("[part=reply]").focus();
      }
      this.memory({ draft: this.fields() });
    }

    // All but the address: it is nowhere kept, not even here.
    fields() {
      const { email, ...kept } = Object.fromEntries(new FormData(this.form));
      return { ...kept, parent: this.to?.id, idempotency_key: this.key };
    }

    async restore() {
      const { parent, idempotency_key, ...kept } = this.draft;
      for (const name in kept) this.form.elements[name].value ||= kept[name];
      this.key ??= idempotency_key;
      const item = await this.find(parent);
      if (item?.comment.author && !this.to && this.open) this.reply(item.comment);
    }

    async send(event) {
      event.preventDefault();
      if (this.sending) return;
      const message = this.say("field.required");
      const empty = [...this.form].filter((input) => input.required && !input.value.trim());
      if (this.wrong(empty.map(({ name: field }) => ({ field, message })))) return this.tell(message);
      this.key ??= crypto.getRandomValues(new Uint32Array(4)).join("-");
      const draft = this.fields();
      this.memory({ draft });
      this.sending = this.form.elements.comment.readOnly = true;
      this.tell(this.say("embed.sending"));
      const told = await ask("v1/comments", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({
          ...draft,
          email: this.form.elements.email.value,
          article: this.url,
          site: this.site,
          lang: this.tag,
          title: document.title.slice(0, 300).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ""),
        }),
      });
      this.sending = this.form.elements.comment.readOnly = false;
      if (told.comment) return this.stored(told);
      // The first try was stored after all, and this is another text.
      if (told.code == "idempotency_mismatch") this.key = undefined;
      const [error] = told.errors ?? [];
      if (error?.field == "parent") this.reply();
      this.tell(told.detail ?? this.say("embed.away"));
      if (this.wrong(told.errors)) return;
      if (error) this.tell(error.message);
      this.status.append(" ", this.say("form.kept"));
      this.status.focus();
    }

    // Each error beside its field, the first of them in focus; whether there is any.
    wrong(errors = []) {
      let first;
      for (const input of this.form.querySelectorAll("[name]")) {
        const error = errors.find(({ field }) => field == input.name);
        input.ariaInvalid = !!error;
        input.nextSibling.textContent = error?.message ?? "";
        if (error) first ??= input;
      }
      first?.focus();
      return first;
    }

    stored({ comment, receipt: { token } }) {
      this.draft = {};
      this.key = undefined;
      this.form.elements.comment.value = "";
      this.reply();
      this.memory({ draft: undefined });
      if (comment.state == "approved") this.total(this.n + 1);
      else this.memory({ mine: [...(this.memory().mine ?? []), token] });
      this.tell(this.say("receipt.state." + comment.state));
      this.add(comment, token).focus();
    }

    tell(text) {
      this.status.textContent = text;
    }
  }

  customElements.define("palabre-comments", Comments);
})();
