// Replaces what has changed on a page. Without it the page is as it was when it was loaded.
"use strict";

const part = document.getElementById("live");
let events = null;

// What an action came to is said once: not when the page is loaded again, nor for long while it changes.
const notice = new URLSearchParams(location.search).has("done") ? document.querySelector("main > .notice") : null;
const loaded = Date.now();
if (notice) history.replaceState(null, "", location.pathname + location.hash);

function replace(html) {
  if (Date.now() - loaded > 15000) notice?.remove();
  if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return;
  const open = [...part.querySelectorAll("details[open]")].map((d) => d.id);
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const fresh = new DOMParser().parseFromString(html, "text/html");
  part.replaceChildren(...fresh.body.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) [...part.querySelectorAll("a[href]")].find((a) => a.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

// Nobody looks at a hidden page: it asks for nothing.
function listen() {
  if (document.hidden) {
    events?.close();
    events = null;
  } else if (!events) {
    events = new EventSource(part.dataset.live);
    events.onmessage = (message) => replace(message.data);
  }
}

if (part?.dataset.live && window.EventSource) {
  document.addEventListener("visibilitychange", listen);
  listen();
}

// A table that goes on beyond its box says so, until it was scrolled to its end.
for (const box of document.querySelectorAll(".scroll")) {
  const look = () => box.classList.toggle("wider", box.scrollWidth - box.clientWidth - box.scrollLeft > 2);
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(box);
}

document.querySelector("[data-focus]")?.focus();

// One click is one action: a button that was used waits for the answer.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    setTimeout(() => { for (const b of form.querySelectorAll("button")) b.disabled = true; });
  });
}
