// How a mail looks in light, in dark, and where a mail program inverts its colours.
"use strict";

announce.colours = {
  POLICY: "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
  ASKS: /\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi,
  GROUNDS: ["background-color"],
  INKS: ["color", "border-top-color", "border-right-color", "border-bottom-color",
    "border-left-color", "text-decoration-color"],

  // A page for a frame without rights: `mode` is light, dark or inverted.
  page(html, pictures, mode) {
    const asked = this.answered(html, mode === "dark" ? "dark" : "light");
    const shown = mode === "inverted" ? this.inverted(asked) : asked;
    const filled = shown.replace(/(?:cid|picture):[^"'\s)>]+/g, (address) =>
      announce.known.pictures.get(pictures[address]) ?? address);
    // In a srcdoc page "#en" alone would mean a place in the page around the frame.
    const inward = filled.replace(/(\bhref\s*=\s*["']?)#/gi, '$1about:srcdoc#');
    const scheme = mode === "light" ? "light" : "dark";
    return `<meta http-equiv="Content-Security-Policy" content="${this.POLICY}">` +
      `<meta name="referrer" content="no-referrer">` +
      `<style>:root{color-scheme:only ${scheme}!important}</style>${inward}`;
  },

  // The mail's own conditions decided, whatever the machine that shows it prefers.
  answered(html, scheme) {
    return html.replace(this.ASKS, (_, asked) =>
      asked.toLowerCase() === scheme ? "(min-width:0px)" : "(min-width:99999px)");
  },

  inverted(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const one of page.querySelectorAll("[style]")) this.turn(one.style);
    for (const one of page.querySelectorAll("[bgcolor]")) {
      one.style.backgroundColor ||= this.turned(this.read(one.getAttribute("bgcolor")), true);
    }
    for (const one of page.querySelectorAll("font[color]")) {
      one.setAttribute("color", this.turned(this.read(one.getAttribute("color")), false));
    }
    for (const one of page.querySelectorAll("style")) one.textContent = this.sheet(one.textContent);
    const ground = page.createElement("style");
    ground.textContent = "html{background:#121212;color:#e8e8e8}";
    page.head.prepend(ground);
    return `<!doctype html>${page.documentElement.outerHTML}`;
  },

  sheet(text) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    const walk = (rules) => {
      for (const rule of rules) {
        if (rule.style) this.turn(rule.style);
        if (rule.cssRules) walk(rule.cssRules);
      }
    };
    walk(sheet.cssRules);
    return [...sheet.cssRules].map((rule) => rule.cssText).join("\n");
  },

  turn(style) {
    for (const name of [...this.GROUNDS, ...this.INKS]) {
      const value = style.getPropertyValue(name);
      const colour = value && this.read(value);
      if (colour) {
        style.setProperty(name, this.turned(colour, this.GROUNDS.includes(name)),
          style.getPropertyPriority(name));
      }
    }
  },

  // A colour as red, green, blue and opacity; null for one that is none, or names another's.
  read(text) {
    const probe = document.createElement("i").style;
    probe.color = text;
    if (!probe.color) return null;
    this.canvas ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    if (/inherit|initial|unset|currentcolor|var\(|transparent/i.test(probe.color)) return null;
    this.canvas.clearRect(0, 0, 1, 1);
    this.canvas.fillStyle = probe.color;
    this.canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, opacity] = this.canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, opacity / 255];
  },

  // Light grounds become dark and dark inks light; the hue stays.
  turned(colour, isGround) {
    if (!colour) return "";
    const [hue, saturation, light] = this.hsl(colour);
    const change = isGround ? light > 0.45 : light < 0.62;
    const turned = !change ? light : isGround ? 0.07 + (1 - light) * 0.75 : 0.93 - light * 0.45;
    const percent = (part) => `${Math.round(part * 100)}%`;
    return `hsla(${Math.round(hue)}, ${percent(saturation)}, ${percent(turned)}, ${colour[3]})`;
  },

  hsl([red, green, blue]) {
    const parts = [red / 255, green / 255, blue / 255];
    const most = Math.max(...parts), least = Math.min(...parts), reach = most - least;
    const light = (most + least) / 2;
    if (!reach) return [0, 0, light];
    const saturation = reach / (1 - Math.abs(2 * light - 1));
    const [r, g, b] = parts;
    const sixth = most === r ? ((g - b) / reach + 6) % 6
      : most === g ? (b - r) / reach + 2 : (r - g) / reach + 4;
    return [sixth * 60, Math.min(1, saturation), light];
  },
};
