// Chinese and English side by side, section by section.
"use strict";

announce.beside = {
  BLOCKS: "h1,h2,h3,h4,p,li,pre,td,th,figcaption,section",

  // The other language's message of the same class and channel; of these one whose row leaves
  // the same columns blank, for it has most likely the same paragraphs.
  counterpart(entry) {
    const fits = announce.rows.filter((row) =>
      row.number && row.channel === entry.channel && row.variant === entry.variant &&
      row.language !== entry.language);
    const blanks = (row) => row.empty.filter((name) => name !== "language").join();
    return fits.find((row) => blanks(row) === blanks(entry)) ?? fits[0];
  },

  async build(entry, message) {
    const { make } = announce;
    const own = this.sections(message, entry.language);
    if (!own.size) return make("p", { class: "muted" }, announce.say("missing"));
    if (own.size > 1) {
      const [left, right] = this.ordered([...own]);
      return this.table(left, right, [announce.say("halves")]);
    }
    const other = this.counterpart(entry);
    if (!other) return make("p", { class: "muted" }, announce.say("missing"));
    const answer = await announce.messageOf(other.number);
    const theirs = this.sections(answer, other.language);
    if (!theirs.size) return make("p", { class: "muted" }, announce.say("missing"));
    for (const [sections, one] of [[own, message], [theirs, answer]]) {
      if (one.kind !== "article") [...sections.values()][0]?.unshift({ head: one.subject, words: [] });
    }
    const [left, right] = this.ordered([...own, ...theirs]);
    const name = (language) => announce.languages[language] ?? language;
    return this.table(left, right, [
      announce.say("this", { language: name(entry.language) }),
      announce.say(message.kind === "article" ? "article" : "other", {
        language: name(other.language), who: other.name || other.to || other.key,
      }),
    ]);
  },

  ordered(pairs) {
    return pairs.sort(([one], [two]) => (one === "zh" ? 0 : 1) - (two === "zh" ? 0 : 1));
  },

  // The sections of each language that stands in a message: heading and paragraphs as text.
  sections(message, language) {
    const page = new DOMParser().parseFromString(message.html, "text/html");
    const found = new Map();
    const first = language.split("+")[0];
    for (const block of page.body.querySelectorAll(this.BLOCKS)) {
      if (block.querySelector(this.BLOCKS) || block.closest("[style*='display: none']")) continue;
      const text = block.textContent.replace(/\s+/g, " ").trim();
      if (!text) continue;
      const tag = block.closest("[lang]:not(html)")?.lang || first;
      const own = tag.startsWith("zh") ? "zh" : "en";
      if (!found.has(own)) found.set(own, [{ head: "", words: [] }]);
      const sections = found.get(own);
      if (/^H[1-4]$/.test(block.tagName)) sections.push({ head: text, words: [] });
      else sections.at(-1).words.push([block.closest("li") ? "li" : "p", text]);
    }
    for (const [own, sections] of found) {
      found.set(own, sections.filter((one) => one.head || one.words.length));
    }
    return found;
  },

  table(left, right, notes) {
    const { make } = announce;
    const [[leftName, leftOnes], [rightName, rightOnes]] = [left, right];
    const name = (language) => announce.languages[language] ?? language;
    const table = make("table", { class: "beside" });
    table.append(make("thead", {}, make("tr", {},
      ...[leftName, rightName].map((one) => make("th", { scope: "col" }, name(one))))));
    const body = make("tbody");
    for (let at = 0; at < Math.max(leftOnes.length, rightOnes.length); at += 1) {
      body.append(make("tr", {}, this.cell(leftOnes[at], leftName),
        this.cell(rightOnes[at], rightName)));
    }
    table.append(body);
    const told = [...notes];
    if (leftOnes.length !== rightOnes.length) {
      told.push(announce.say("uneven", { left: leftOnes.length, right: rightOnes.length }));
    }
    return make("div", { class: "scroll", tabindex: "0", role: "region",
      "aria-label": announce.say("beside") },
    ...told.map((one) => make("p", { class: "muted" }, one)), table);
  },

  cell(section, language) {
    const { make } = announce;
    const cell = make("td", { lang: language === "zh" ? "zh-Hans" : "en" });
    if (section?.head) cell.append(make("h4", {}, section.head));
    for (const [tag, text] of section?.words ?? []) {
      cell.append(make("p", { class: tag === "li" ? "item" : "" }, text));
    }
    return cell;
  },
};
