// data-countdown="ISO moment" counts down; data-poll-url asks a page whether something has happened.
import { each, word } from "./dom.js";

const two = (number) => String(number).padStart(2, "0");

function startCountdown(place) {
  const until = Date.parse(place.dataset.countdown);
  const shown = place.querySelector("time") || place;
  const tick = () => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    const hours = Math.floor(left / 3600);
    const text = `${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
    shown.textContent = left ? (hours ? `${hours}:${text}` : text) : word("expired");
    if (left) return;
    clearInterval(timer);
    if (place.dataset.expiredUrl) window.location.assign(place.dataset.expiredUrl);
  };
  const timer = setInterval(tick, 1000);
  tick();
}

// The answer is JSON: {"done": bool, "url": where to go, "text": what to show meanwhile}.
function startPoll(place) {
  const every = Number(place.dataset.pollSeconds || 3) * 1000;
  const longest = 30000;
  let wait = every;
  const ask = async () => {
    if (!place.isConnected) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(place.dataset.pollUrl, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        const news = await answer.json();
        if (news.done) { window.location.assign(news.url || window.location.href); return; }
        if (news.text) place.textContent = news.text;
        wait = every;
      } catch (failed) { // the network may come back: ask less often, never give up
        wait = Math.min(longest, wait * 2);
      }
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, every);
}

// data-wait="60": a button that sends a code again waits until another may be asked for.
function startWait(button) {
  const label = button.textContent;
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${label} (${left})` : label;
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
}

export function start() {
  each("[data-countdown]", startCountdown);
  each("[data-poll-url]", startPoll);
  each("[data-wait]", startWait);
}
