"use strict";

// What is copied: the article's HTML as it was made, or the text of a field.
function parts(source) {
  const rich = source.hasAttribute("data-rich");
  return rich ? { html: source.innerHTML.trim(), text: source.innerText.trim() }
              : { html: "", text: source.textContent.trim() };
}

async function toClipboard(source) {
  const { html, text } = parts(source);
  if (!html) return navigator.clipboard.writeText(text);
  const piece = (kind, words) => new Blob([words], { type: kind });
  const kinds = { "text/html": piece("text/html", html), "text/plain": piece("text/plain", text) };
  return navigator.clipboard.write([new ClipboardItem(kinds)]);
}

// For browsers that keep the clipboard to themselves: as if a person had selected and copied it.
function bySelection(source) {
  const { html, text } = parts(source);
  const fill = (event) => {
    event.preventDefault();
    if (html) event.clipboardData.setData("text/html", html);
    event.clipboardData.setData("text/plain", text);
  };
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  document.addEventListener("copy", fill, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", fill);
  return done;
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  let done = true;
  try {
    await toClipboard(source);
  } catch {
    done = bySelection(source);
  }
  button.classList.toggle("done", done);
  button.classList.toggle("failed", !done);
  button.textContent = done ? button.dataset.done : button.dataset.failed;
}

for (const button of document.querySelectorAll("button[data-copy]"))
  button.addEventListener("click", () => copy(button));
