// The module of the sandbox: asks for the state, listens for what happens, and shows both. Every pane is shown alike; what
// differs between platforms is in dialects.js.

const { h, body, plain, emoji, textObject, block } = await import(document.documentElement.dataset.dialects);

const $ = (id) => document.getElementById(id);
const DIRECT = "direct";
const CHANNEL = "channel";
const DESK = "desk";
let state = null;
const panes = new Map(); // by id: what is shown of it, and where the person is in it

/* ---- lists ---- */

// keyed shows items as children of parent. A child whose item is as it was stays as it is, with its focus; one that is
// made anew gets the focus that its predecessor had. It tells which keys are new.
const made = new WeakMap();
function keyed(parent, items, keyOf, sigOf, make) {
  const old = new Map([...parent.children].map((el) => [el.dataset.key, el]));
  const fresh = [];
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const sig = JSON.stringify(sigOf(item));
    let el = old.get(key);
    old.delete(key);
    if (!el) fresh.push(key);
    if (!el || made.get(el) !== sig) {
      const next = make(item, !el);
      next.dataset.key = key;
      made.set(next, sig);
      if (el) {
        const spot = focusPath(el);
        if (at === el) at = next;
        el.replaceWith(next);
        if (spot) (spot === "self" ? next : next.querySelector(`[data-spot="${CSS.escape(spot)}"]`) ?? next).focus({ preventScroll: true });
      }
      el = next;
    }
    if (el === at) at = at.nextElementSibling;
    else parent.insertBefore(el, at);
  }
  for (const el of old.values()) el.remove();
  return fresh;
}

const focusPath = (el) => {
  const active = document.activeElement;
  return !el.contains(active) ? "" : active === el ? "self" : active.dataset.spot ?? "self";
};

// rove makes a list one stop of the Tab key: the arrows go from article to article, and only the controls of the current
// one are reached by Tab.
function rove(list, last) {
  const items = [...list.children];
  list.hidden = !items.length; // a feed without articles is none
  if (!items.length) return;
  let now = items.find((el) => el.dataset.key === list.dataset.current);
  if (!now || (last && !list.contains(document.activeElement))) now = last ? items.at(-1) : items[0];
  list.dataset.current = now.dataset.key;
  items.forEach((el, i) => {
    el.tabIndex = el === now ? 0 : -1;
    el.setAttribute("aria-posinset", i + 1);
    el.setAttribute("aria-setsize", items.length);
    for (const c of el.querySelectorAll("button, a[href], select, [role=button]")) c.tabIndex = el === now ? 0 : -1;
  });
}

function roving(list) {
  list.addEventListener("focusin", (e) => {
    const item = [...list.children].find((el) => el.contains(e.target));
    if (item && item.dataset.key !== list.dataset.current) { list.dataset.current = item.dataset.key; rove(list); }
  });
  list.addEventListener("keydown", (e) => {
    const to = { ArrowDown: e.target.nextElementSibling, ArrowUp: e.target.previousElementSibling, Home: list.firstElementChild, End: list.lastElementChild }[e.key];
    if (e.target.parentElement !== list || !to) return;
    e.preventDefault();
    to.focus();
  });
  return list;
}

// sticking keeps a scroller at the end of its list while that grows or pictures come in, unless one has scrolled away from
// there, or the list is one that begins with the newest.
function sticking(scroller, list, endless) {
  let atEnd = true;
  scroller.addEventListener("scroll", () => { atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48; });
  const sizes = new ResizeObserver(() => { if (atEnd && endless()) scroller.scrollTop = scroller.scrollHeight; });
  sizes.observe(list);
  sizes.observe(scroller);
}

const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const when = (at) => h("time", { datetime: at, title: new Date(at).toLocaleString() }, clock(at));
const short = (s, n = 60) => ([...s].length > n ? [...s].slice(0, n).join("") + "…" : s);
const first = (name) => name.split(" ")[0];

function face(name, size = "", app = false) {
  let sum = 0;
  for (const c of name) sum = Math.imul(sum ^ c.codePointAt(0), 16777619) >>> 3;
  const initials = name.split(/\s+/).filter((w) => /^[\p{L}\p{N}]/u.test(w)).slice(0, 2).map((w) => [...w][0].toUpperCase()).join("");
  return h("span", { class: `face ${size}`, "aria-hidden": "true", data: { hue: app ? "app" : sum % 7 } }, initials || "?");
}

let quiet;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => { $("toast").hidden = true; }, 6000);
}
const announce = (text) => { $("announce").textContent = text; };

async function post(url, body) {
  const form = body instanceof FormData;
  try {
    const r = await fetch(url, { method: "POST", headers: form ? {} : { "Content-Type": "application/json" }, body: form ? body : JSON.stringify(body) });
    if (r.ok) return r.status === 204 ? {} : await r.json();
    toast((await r.json().catch(() => ({}))).error ?? `That did not work (${r.status}).`);
  } catch {
    toast("The sandbox does not answer. Is it still running?");
  }
  return null;
}

async function sure(ask, words) {
  if (!ask) return true;
  const say = (id, text, otherwise) => $(id).replaceChildren(...(typeof text === "object" ? textObject(text) : [text ?? otherwise]));
  say("confirm-title", ask.title, "");
  say("confirm-text", ask.text, "");
  say("confirm-yes", ask.confirm, words);
  say("confirm-no", ask.deny, "Cancel");
  const dialog = $("confirm");
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return dialog.returnValue === "yes";
}

/* ---- a pane ---- */

const WORDS = {
  slack: "When a customer writes directly to the brand, a case opens here, with a card and a thread.",
  discord: "When a customer writes directly to the brand, a post opens in this forum.",
  telegram: "When a customer writes directly to the brand, a topic opens in this group.",
};

// make draws the parts of a pane that stay.
function make(p) {
  const id = p.id;
  const v = { id, person: "", tab: "", thread: "", chosen: false, picker: "", editing: "", replying: "", drafts: new Map(), seen: new Map(), at: "" };
  const parts = {
    tabs: h("div", { class: "tabs", role: "group", "aria-label": `Places on ${p.name}` }),
    people: h("div", { class: "chip-row" }),
    lock: h("button", { type: "button", class: "lock", hidden: true, data: { test: "lock" }, onclick: () => act(v, { do: placeOf(v).lock === "on" ? "unlock" : "lock" }) }),
    add: h("button", { type: "button", class: "quiet", "aria-expanded": "false", data: { test: "add" }, onclick: () => joining(v, v.parts.join.hidden) }, "+ Add"),
    joiner: h("input", { id: `${id}-joiner`, maxlength: "40", required: true, autocomplete: "off", data: { test: "joiner" } }),
    back: h("div", { class: "back", hidden: true }),
    empty: h("div", { class: "empty" }),
    list: roving(h("div", { role: "feed", class: "talk", data: { test: "talk" }, "aria-labelledby": `${id}-title` })),
    about: h("p", { class: "editing", hidden: true }),
    input: h("textarea", { id: `${id}-input`, rows: "1", maxlength: "10000", data: { test: "input" } }),
    file: h("input", { class: "sr", type: "file", id: `${id}-file`, accept: p.types || null, data: { test: "file" } }),
    named: h("span", { class: "file-name" }),
    send: h("button", { class: "send", data: { test: "send" } }, "Send"),
  };
  parts.join = h("form", { class: "inline-form", hidden: true, onsubmit: (e) => join(v, e) }, h("label", { for: `${id}-joiner` }, "Name of the new person"), h("div", null, parts.joiner, h("button", { data: { test: "joined" } }, "Add")));
  parts.label = h("label", { class: "sr", for: `${id}-input` });
  parts.scroll = h("div", { class: "scroll" }, parts.empty, parts.list);
  parts.form = h("form", { class: "composer" }, parts.about, parts.label,
    h("div", { class: "composer-row" }, h("span", { class: "attach" }, parts.file, h("label", { for: `${id}-file`, title: "Attach a file" }, h("span", { "aria-hidden": "true" }, "📎"), h("span", { class: "sr" }, "Attach a file"))), parts.input, parts.named, parts.send));
  v.parts = parts;
  sticking(parts.scroll, parts.list, () => v.thread || v.section.dataset.kind !== DESK);
  v.section = h("section", { class: `pane pane-${id}`, "aria-labelledby": `${id}-title`, data: { test: "pane", pane: id } },
    h("header", { class: "pane-head" }, h("h2", { id: `${id}-title` }, p.name), parts.tabs),
    h("div", { class: "who" }, h("fieldset", { class: "chips" }, h("legend", null, "You are"), parts.people), parts.add, parts.lock), parts.join,
    parts.back, parts.scroll, parts.form);
  composer(v);
  $("panes").append(v.section);
  panes.set(id, v);
  return v;
}

const paneOf = (v) => state.panes.find((p) => p.id === v.id);
const personOf = (p, id) => p.people.find((one) => one.id === id)?.name ?? id;
const act = (v, doing) => post("/act", { pane: v.id, person: v.person, place: placeOf(v)?.id ?? "", thread: v.thread, ...doing });

// tabsOf are the places that one can be in; all direct conversations are one.
function tabsOf(p) {
  const tabs = p.places.filter((one) => one.kind !== DIRECT).map((one) => ({ id: one.id, name: one.name, kind: one.kind }));
  return p.places.some((one) => one.kind === DIRECT) ? [{ id: DIRECT, name: "Direct", kind: DIRECT }, ...tabs] : tabs;
}

function placeOf(v) {
  const p = paneOf(v);
  if (v.tab === DIRECT) return p.places.find((one) => one.kind === DIRECT && one.people.includes(v.person)) ?? p.places.find((one) => one.kind === DIRECT);
  return p.places.find((one) => one.id === v.tab);
}

// go moves the person within a pane, and keeps what is half written for where they were.
function go(v, to) {
  cancel(v);
  v.drafts.set(v.at, v.parts.input.value);
  Object.assign(v, to, { picker: "" });
  render(paneOf(v));
  v.parts.scroll.scrollTop = v.parts.scroll.scrollHeight;
}

const seenBy = (v, m) => !m.only || m.only === v.person;
const inThread = (v, place, id) => place.messages.filter((m) => seenBy(v, m) && (m.thread === id || (m.id === id && !m.thread)));
const opens = (place, m) => !m.only && (place.kind === DESK || place.messages.some((o) => o.thread === m.id));

// threadsOf are the threads of a place, the newest first: those with a name, and in a desk each message.
function threadsOf(v, place) {
  const list = (place.threads ?? []).map((t) => ({ ...t, root: null }));
  if (place.kind === DESK && !place.threads) for (const m of place.messages) if (!m.thread && seenBy(v, m)) list.push({ id: m.id, name: title(v, m), root: m });
  const last = (t) => place.messages.findLast((m) => m.thread === t.id)?.at ?? t.root?.at ?? "";
  return list.map((t) => ({ ...t, count: place.messages.filter((m) => m.thread === t.id && seenBy(v, m)).length, last: last(t) })).sort((a, b) => (a.last < b.last ? 1 : -1));
}

function title(v, m) {
  return m.blocks?.find((b) => b.type === "header")?.text?.text ?? m.cards?.[0]?.title ?? short(plain(v.id, m, tools(v, m)), 40);
}

function render(p) {
  const v = panes.get(p.id) ?? make(p);
  const tabs = tabsOf(p);
  if (!tabs.some((t) => t.id === v.tab)) v.tab = (tabs.find((t) => t.kind === DESK) ?? tabs[0])?.id ?? "";
  const writers = v.tab === DIRECT ? p.places.filter((one) => one.kind === DIRECT).flatMap((one) => one.people) : placeOf(v)?.people ?? [];
  if (!writers.includes(v.person)) v.person = writers[0] ?? "";
  const place = placeOf(v);
  if (!place) return;
  const threads = threadsOf(v, place);
  if (v.thread && !inThread(v, place, v.thread).length && !threads.some((t) => t.id === v.thread)) v.thread = "";
  if (place.kind === DESK && !v.thread && !v.chosen) v.thread = threads.find((t) => !t.root?.only)?.id ?? "";
  v.section.dataset.kind = place.kind;
  keyed(v.parts.tabs, tabs, (t) => t.id, (t) => [t, t.id === v.tab, news(v, p, t)], (t) => h("button", {
    type: "button", "aria-pressed": String(t.id === v.tab), data: { test: "tab", name: t.name, kind: t.kind, spot: "tab" }, onclick: () => go(v, { tab: t.id, thread: "", chosen: false }),
  }, t.name, news(v, p, t) ? [h("span", { class: "dot" }), h("span", { class: "sr" }, " (new)")] : null));
  chips(v, p, writers);
  renderLock(v, p, place);
  renderTalk(v, p, place, threads);
  renderComposer(v, p, place, threads);
}

// renderLock shows whether what the person writes is encrypted, and what pressing does.
function renderLock(v, p, place) {
  const { lock } = v.parts;
  lock.hidden = !place.lock;
  if (!place.lock || lock.dataset.lock === place.lock + v.person) return;
  lock.dataset.lock = place.lock + v.person;
  const on = place.lock === "on";
  const who = first(personOf(p, v.person));
  lock.dataset.on = on;
  lock.title = on ? `${p.name} can’t read what ${who} and ${place.with} write. Press to write so that it can.` : `${p.name} can read what ${who} writes. Press to encrypt it.`;
  lock.replaceChildren(h("span", { "aria-hidden": "true" }, on ? "🔒" : "🔓"), on ? " Encrypted" : " Not encrypted");
}

// news says whether something came into a tab since the person was there.
function news(v, p, t) {
  const at = (place) => place.messages.at(-1)?.at ?? "";
  const last = p.places.filter((one) => (t.id === DIRECT ? one.kind === DIRECT : one.id === t.id)).map(at).sort().at(-1) ?? "";
  if (t.id === v.tab || !ready) v.seen.set(t.id, last);
  return last > (v.seen.get(t.id) ?? "");
}

function chips(v, p, writers) {
  const at = (id) => p.places.find((one) => one.kind === DIRECT && one.people.includes(id))?.messages.findLast((m) => m.app)?.at ?? "";
  const fresh = (id) => v.tab === DIRECT && id !== v.person && at(id) > (v.seen.get("as:" + id) ?? "");
  if (v.tab === DIRECT) v.seen.set("as:" + v.person, at(v.person));
  keyed(v.parts.people, writers, (id) => id, (id) => [personOf(p, id), id === v.person, fresh(id)], (id) => h("label", { class: "chip" },
    h("input", { type: "radio", name: v.id + "-person", value: id, checked: id === v.person, data: { test: "person", name: personOf(p, id), spot: "radio" }, onchange: () => go(v, { person: id }) }),
    h("span", { class: "chip-face" }, face(personOf(p, id), "small"), first(personOf(p, id)), fresh(id) ? [h("span", { class: "dot" }), h("span", { class: "sr" }, " (new)")] : null)));
}

function renderTalk(v, p, place, threads) {
  const { parts } = v;
  const open = threads.find((t) => t.id === v.thread) ?? (v.thread ? { id: v.thread, name: title(v, place.messages.find((m) => m.id === v.thread) ?? {}), count: 0 } : null);
  parts.back.hidden = !open;
  if (open) {
    parts.back.replaceChildren(h("button", { type: "button", class: "quiet", data: { test: "back" }, onclick: () => go(v, { thread: "", chosen: true }) }, "‹ " + (place.kind === DESK ? "All cases" : place.name)),
      h("b", { data: { test: "thread-name" } }, open.name), ...(open.tags ?? []).map((t) => h("span", { class: "badge", data: { test: "tag" } }, t)), ...(open.closed ? [h("span", { class: "badge" }, "closed")] : []));
  }
  const shown = v.thread ? inThread(v, place, v.thread).map((m) => [m, null])
    : place.kind === DESK ? threads.map((t) => [t.root, t])
      : [...threads.map((t) => [null, t]), ...place.messages.filter((m) => !m.thread && seenBy(v, m)).map((m) => [m, null])];
  const where = [v.tab, v.thread, v.person].join(" ");
  const fresh = keyed(parts.list, shown, ([m, t]) => m?.id ?? "t:" + t.id,
    ([m, t]) => [m, t, where, m && [v.picker === m.id, v.editing === m.id, v.replying === m.id, opens(place, m), place.messages.filter((o) => o.thread === m.id).length]],
    ([m, t]) => (m ? said(v, p, place, m, t) : threadRow(v, t)));
  if (v.where !== where && (v.thread || place.kind !== DESK)) parts.scroll.scrollTop = parts.scroll.scrollHeight;
  rove(parts.list, place.kind !== DESK || Boolean(v.thread));
  renderEmpty(v, p, place, shown.length);
  const heard = shown.findLast(([m]) => m && fresh.includes(m.id) && m.who !== v.person)?.[0];
  if (heard && ready && v.where === where) announce(`On ${p.name}, ${heard.name}: ${short(plain(v.id, heard, tools(v, heard)), 120) || "a file"}`);
  v.where = where;
}

const HELLO = "Hi! My order 1042 has not arrived yet. Can you help?";
function renderEmpty(v, p, place, count) {
  const { empty } = v.parts;
  empty.hidden = count > 0;
  const sig = place.id + v.person + place.lock;
  if (count || empty.dataset.sig === sig) return;
  empty.dataset.sig = sig;
  if (place.kind === DESK) return empty.replaceChildren(h("strong", null, "No cases yet"), WORDS[v.id] ?? "");
  if (place.kind === CHANNEL) return empty.replaceChildren(h("strong", null, "Nothing said yet"), "What is written here shows in the same place on the other platforms.");
  empty.replaceChildren(h("strong", null, `Write to ${place.with} as ${first(personOf(p, v.person))}`), `It opens a case at the desks${place.lock === "on" ? `, and ${p.name} can’t read it` : ""}.`,
    h("div", null, h("button", { type: "button", data: { test: "hello" }, onclick: () => { v.parts.input.value = HELLO; v.parts.form.requestSubmit(); } }, `“${short(HELLO, 34)}”`)));
}

function threadRow(v, t) {
  return h("article", { class: "card", "aria-label": t.name, data: { test: "thread", thread: t.id } },
    h("div", { class: "thread-row" }, h("b", null, t.name), (t.tags ?? []).map((tag) => h("span", { class: "badge", data: { test: "tag" } }, tag)), t.closed ? h("span", { class: "badge" }, "closed") : null),
    openButton(v, t.id, t.count));
}

const openButton = (v, id, count) => h("button", { type: "button", class: "open", data: { spot: "open", test: "open" }, onclick: () => { go(v, { thread: id, chosen: true }); v.parts.input.focus(); } },
  count === 1 ? "Open, 1 message" : `Open, ${count} messages`);

// tools are what a dialect needs to know of a message.
const tools = (v, m) => ({
  who: (id) => personOf(paneOf(v), id), face: (name) => face(name, "big"),
  press: (button, value) => act(v, { do: "press", message: m.id, button, value }),
  button: (b) => h("button", { type: "button", class: b.style ?? "", data: { spot: "b:" + b.id, test: "button", action: b.action ?? null, label: [b.label].flat().map((part) => part.textContent ?? part).join("") }, onclick: async () => {
    if (await sure(b.ask, b.label)) await act(v, { do: "press", message: m.id, button: b.id, value: "" });
  } }, b.label),
});

function said(v, p, place, m, t) {
  const name = m.name || "?";
  const use = tools(v, m);
  const main = m.gone ? h("p", { class: "b-context" }, "This message was deleted.") : body(v.id, m, use);
  const count = place.messages.filter((o) => o.thread === m.id && seenBy(v, o)).length;
  return h("article", { class: `said ${m.only ? "private" : ""} ${t ? "card" : ""}`, "aria-label": `${name}, ${clock(m.at)}${m.only ? ", only visible to you" : ""}`, data: { test: "message", id: m.id, app: m.app ? "" : null } },
    face(name, "", m.app && name === "Roost"),
    h("div", { class: "said-main" },
      m.only ? h("p", { class: "only" }, `Only visible to ${first(personOf(p, m.only))}`) : null,
      h("div", { class: "said-head" }, h("b", { data: { test: "name" } }, name), m.app ? h("span", { class: "badge" }, "app") : null, when(m.at), m.sealed ? sealed(p) : null, m.edited ? h("i", { data: { test: "edited" } }, "(edited)") : null, m.pinned ? h("i", { data: { test: "pinned" } }, "📌") : null),
      m.reply ? h("blockquote", { class: "reply", data: { test: "reply" } }, h("b", null, m.reply.name), " ", short(m.reply.text, 90)) : null,
      main, shownFiles(m.files),
      (m.rows ?? []).map((row) => h("div", { class: "b-actions" }, row.map((b) => use.button({ ...b, action: null })))),
      m.only || m.gone || m.fixed ? null : under(v, p, place, m),
      t || (!v.thread && count) ? openButton(v, m.id, count) : null));
}

// sealed marks what a platform could not read, and leads to what it has of that.
const sealed = (p) => h("a", { class: "sealed", href: p.held, target: "_blank", rel: "noopener", title: `Encrypted: see all that ${p.name} has of it`, data: { spot: "sealed", test: "sealed" } },
  h("span", { "aria-hidden": "true" }, "🔒"), h("span", { class: "sr" }, `Encrypted, see all that ${p.name} has of it`));

const shownFiles = (list) => (!list?.length ? null : h("div", { class: "files" }, list.map((f) => (f.image
  ? h("a", { href: f.url, target: "_blank", rel: "noopener", class: f.spoiler ? "hides" : "", data: { spot: f.url } }, h("img", { src: f.url, alt: (f.spoiler ? "Spoiler: " : "Picture: ") + f.name, loading: "lazy" }))
  : h("a", { class: "doc", href: f.url, data: { spot: f.url, test: "file-link" } }, `${f.name} (${Math.max(1, Math.round(f.size / 1024))} kB)`)))));

// under is the line below a message: its reactions, and what the person can do with it.
function under(v, p, place, m) {
  const can = (what) => p.can.includes(what);
  const mine = m.who && m.who === v.person;
  const chosen = (name) => m.reactions?.some((r) => r.emoji === name && r.users.includes(v.person)) ?? false;
  const react = (name) => act(v, { do: chosen(name) ? "unreact" : "react", message: m.id, emoji: name });
  const tool = (name, words, label, press) => h("button", { type: "button", class: "quiet", data: { spot: name, test: name }, "aria-label": label, onclick: press }, words);
  const picking = v.picker === m.id;
  return [h("div", { class: "under" },
    (m.reactions ?? []).map((r) => h("button", {
      type: "button", class: chosen(r.emoji) ? "mine" : "", "aria-pressed": String(chosen(r.emoji)), data: { spot: "r:" + r.emoji, test: "reaction", name: r.emoji },
      "aria-label": `${emoji(v.id, r.emoji)} ${r.users.length}, ${chosen(r.emoji) ? "take yours back" : "add yours"}`, onclick: () => react(r.emoji),
    }, `${emoji(v.id, r.emoji)} ${r.users.length}`)),
    h("span", { class: "tools" },
      p.picks.length ? tool("pick", "React", "React to it", () => { v.picker = picking ? "" : m.id; render(paneOf(v)); }) : null,
      can("reply") ? tool("answer", "Reply", "Reply to it", () => { cancel(v); v.replying = m.id; render(paneOf(v)); v.parts.input.focus(); }) : null,
      can("thread") && !v.thread && !m.thread && place.kind === CHANNEL ? tool("start", "Thread", "Answer in a thread", () => { go(v, { thread: m.id, chosen: true }); v.parts.input.focus(); }) : null,
      can("pin") ? tool("pin", m.pinned ? "Unpin" : "Pin", m.pinned ? "Take the pin off" : "Pin it", () => act(v, { do: m.pinned ? "unpin" : "pin", message: m.id })) : null,
      mine && can("edit") ? tool("edit", "Edit", "Edit your message", () => startEditing(v, m)) : null,
      mine && can("delete") ? tool("delete", "Delete", "Delete your message", async () => {
        if (await sure({ title: "Delete this message?", text: [short(plain(v.id, m, tools(v, m)), 120) || "The file", p.deleting ? `\n\n${p.deleting}` : ""].join("") }, "Delete")) await act(v, { do: "delete", message: m.id });
      }) : null)),
  picking ? h("div", { class: "under", role: "group", "aria-label": "Choose a reaction" }, p.picks.map((name) => h("button", {
    type: "button", "aria-label": name.replace(/_/g, " "), data: { spot: "p:" + name, test: "emoji", name }, onclick: async () => { v.picker = ""; await react(name); render(paneOf(v)); },
  }, emoji(v.id, name)))) : null];
}

/* ---- composers ---- */

function startEditing(v, m) {
  cancel(v);
  v.drafts.set(v.at, v.parts.input.value);
  v.editing = m.id;
  v.parts.input.value = plain(v.id, m, tools(v, m));
  render(paneOf(v));
  v.parts.input.focus();
}

// cancel ends editing and replying.
function cancel(v) {
  if (v.editing) v.parts.input.value = v.drafts.get(v.at) ?? "";
  v.editing = v.replying = "";
}

function renderComposer(v, p, place, threads) {
  const { parts } = v;
  const at = [v.tab === DIRECT ? place.id : v.tab, v.thread].join(" ");
  if (at !== v.at) { v.at = at; parts.input.value = v.drafts.get(at) ?? ""; }
  const to = place.kind === DIRECT ? place.with : v.thread ? threads.find((t) => t.id === v.thread)?.name ?? "the thread" : place.name;
  const able = Boolean(v.person) && (place.kind !== DESK || v.thread);
  const about = v.editing || v.replying ? place.messages.find((m) => m.id === (v.editing || v.replying)) : null;
  if (!about && (v.editing || v.replying)) cancel(v);
  parts.about.hidden = !about;
  if (about) parts.about.replaceChildren(v.editing ? "Editing your message " : `Replying to ${about.name} `, h("button", { type: "button", class: "quiet", data: { test: "cancel" }, onclick: () => { cancel(v); render(paneOf(v)); parts.input.focus(); } }, "Cancel"));
  parts.send.textContent = v.editing ? "Save" : "Send";
  parts.label.textContent = `Message to ${to} as ${first(personOf(p, v.person))}`;
  parts.input.placeholder = able ? `Message ${short(to, 24)} as ${first(personOf(p, v.person))}` : "Open a case to answer in it";
  for (const el of [parts.input, parts.send, parts.file]) el.disabled = !able;
}

function composer(v) {
  const { input, file, named, form } = v.parts;
  const name = () => { named.textContent = file.files[0]?.name ?? ""; };
  file.addEventListener("change", name);
  input.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); form.requestSubmit(); }
    if (e.key === "Escape" && (v.editing || v.replying)) { cancel(v); render(paneOf(v)); }
  });
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const text = input.value;
    const one = file.files[0];
    if (!text.trim() && !one) return input.focus();
    input.value = "";
    const doing = v.editing ? { do: "edit", message: v.editing, text } : { do: "say", thread: v.thread, message: v.replying, text };
    const done = await (v.editing || !one ? act(v, doing) : post("/act", formOf({ pane: v.id, person: v.person, place: placeOf(v).id, thread: v.thread, message: v.replying, text }, one)));
    if (!done) { input.value = input.value || text; return; }
    const edited = v.editing;
    if (!edited) { file.value = ""; name(); }
    v.editing = v.replying = "";
    render(paneOf(v));
    if (!edited) v.parts.scroll.scrollTop = v.parts.scroll.scrollHeight; // and what was said comes there
    input.focus();
  });
}

function formOf(fields, file) {
  const form = new FormData();
  for (const [k, val] of Object.entries(fields)) form.append(k, val);
  form.append("file", file, file.name);
  return form;
}

// joining asks for the name of somebody new.
function joining(v, open) {
  v.parts.join.hidden = !open;
  v.parts.add.setAttribute("aria-expanded", String(open));
  if (open) v.parts.joiner.focus();
}

async function join(v, e) {
  e.preventDefault();
  const who = await act(v, { do: "join", text: v.parts.joiner.value });
  if (!who) return;
  v.parts.joiner.value = "";
  joining(v, false);
  await refresh();
  go(v, { person: who.id });
  v.parts.input.focus();
}

/* ---- forms ---- */

let shownForm = "";
function renderForm() {
  const dialog = $("modal");
  const open = state.panes.flatMap((p) => (p.forms ?? []).map((f) => ({ ...f, pane: p.id }))).filter((f) => panes.get(f.pane).person === f.who).at(-1);
  const sig = open ? JSON.stringify(open) : "";
  if (sig === shownForm) return;
  shownForm = sig;
  if (!open) return dialog.close();
  const held = dialog.dataset.shows === open.id ? Object.fromEntries(values()) : {};
  Object.assign(dialog.dataset, { form: open.id, pane: open.pane, shows: open.id });
  $("modal-title").textContent = open.title;
  const v = panes.get(open.pane);
  const inside = open.blocks ? open.blocks.map((b) => (b.type === "input" ? blockField(v, b, open.errors?.[b.block_id], held) : block(b, tools(v, { id: "" })))) : (open.fields ?? []).map((f) => plainField(f, held));
  $("modal-body").replaceChildren(...inside.filter(Boolean));
  $("modal-submit").disabled = false;
  if (!dialog.open) dialog.showModal();
  $("modal-body").querySelector("input, textarea, select")?.focus();
}

function plainField(f, held) {
  const props = { id: "f-" + f.id.replace(/[^\w-]/g, "_"), data: { field: f.id, test: "field" }, required: f.required };
  const value = held[f.id] ?? f.value ?? "";
  const input = f.choices?.length ? h("select", props, f.choices.map((c) => h("option", { value: c.id, selected: c.id === value }, c.label)))
    : f.long ? h("textarea", { ...props, rows: "4" }, value) : h("input", { ...props, type: "text", value });
  return h("div", { class: "field" }, h("label", { for: props.id }, f.label, f.required ? "" : " (optional)"), input);
}

function blockField(v, b, wrong, held) {
  const el = b.element ?? {};
  const key = `${b.block_id}/${el.action_id}`;
  const id = "f-" + key.replace(/[^\w-]/g, "_");
  const start = held[key] ?? el.initial_value ?? el.initial_option?.value ?? el.initial_date ?? el.initial_user ?? "";
  const props = { id, data: { field: key, test: "field", block: b.block_id }, required: !b.optional, "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong || b.hint ? id + "-note" : null };
  const options = el.type === "users_select" ? paneOf(v).people.map((m) => ({ value: m.id, text: { text: m.name } })) : el.options;
  let input;
  if (el.type === "radio_buttons" || el.type === "checkboxes") {
    const kind = el.type === "checkboxes" ? "checkbox" : "radio";
    input = (options ?? []).map((o) => h("label", { class: "choice" }, h("input", { type: kind, name: id, value: o.value, checked: o.value === start, data: { field: key } }), textObject(o.text)));
  } else if (options) {
    input = h("select", props, b.optional ? h("option", { value: "" }, "–") : null, options.map((o) => h("option", { value: o.value, selected: o.value === start }, textObject(o.text))));
  } else if (el.multiline) {
    input = h("textarea", { ...props, rows: "4" }, start);
  } else {
    input = h("input", { ...props, type: { datepicker: "date", timepicker: "time" }[el.type] ?? "text", value: start });
  }
  const note = wrong ?? b.hint?.text;
  return h(Array.isArray(input) ? "fieldset" : "div", { class: "field" },
    h(Array.isArray(input) ? "legend" : "label", Array.isArray(input) ? null : { for: id }, textObject(b.label), b.optional ? " (optional)" : ""), input,
    note ? h("p", { id: id + "-note", class: wrong ? "wrong" : "hint" }, note) : null);
}

function values() {
  const out = new Map();
  for (const el of $("modal-body").querySelectorAll("[data-field]")) {
    if ((el.type === "radio" || el.type === "checkbox") && !el.checked) continue;
    out.set(el.dataset.field, out.has(el.dataset.field) ? `${out.get(el.dataset.field)},${el.value}` : el.value);
  }
  return out;
}

$("modal-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  $("modal-submit").disabled = true;
  const v = panes.get($("modal").dataset.pane);
  const done = await act(v, { do: "submit", form: $("modal").dataset.form, values: Object.fromEntries(values()) });
  if (!done) $("modal-submit").disabled = false;
  setTimeout(() => { $("modal-submit").disabled = false; }, 3000);
});
const dismiss = (e) => { e.preventDefault(); act(panes.get($("modal").dataset.pane), { do: "dismiss", form: $("modal").dataset.form }); };
$("modal").addEventListener("cancel", dismiss);
$("modal-cancel").addEventListener("click", dismiss);

/* ---- trips ---- */

// took is how long a trip took; the pause in which a person may take a message back is not Roost's.
function took(t) {
  const pause = Math.max(0, ...t.steps.map((s) => s.pause ?? 0));
  const all = t.steps.findLast((s) => s.mark === "done").ms;
  return pause ? `${Math.max(0, all - pause)} ms + ${(pause / 1000).toFixed(1)} s` : `${all} ms`;
}

let tripsShown = false;
roving($("trips"));
function renderTrips() {
  $("trip-empty").hidden = state.trips.length > 0;
  const name = (id) => state.panes.find((p) => p.id === id)?.name ?? { bot: "Bot" }[id] ?? id;
  keyed($("trips"), state.trips, (t) => t.id, (t) => [t.seq, t.who], (t, fresh) => {
    if (t.line) return h("article", { class: `trip-line ${fresh && tripsShown ? "fresh" : ""}`, "aria-label": t.what, data: { test: "trip-line" } }, h("b", null, t.what), " ", h("span", null, t.text), when(t.at));
    const words = t.outcome === "done" ? took(t) : { going: "moving", safe: "stored", waiting: "waiting", failed: "failed" }[t.outcome];
    return h("article", { class: `trip ${fresh && tripsShown ? "fresh" : ""}`, "aria-label": `${t.who} ${t.what} ${t.text}`, data: { test: "trip", outcome: t.outcome } },
      h("div", { class: "trip-head" }, h("span", { class: "tag", data: { platform: t.platform } }, name(t.platform)),
        h("span", null, h("b", null, t.who), ` ${t.what}`),
        h("span", { class: "sum", data: { mark: t.outcome }, title: t.steps.some((s) => s.pause) ? "without the pause, and the pause" : null }, words)),
      t.text ? h("div", { class: "trip-text" }, t.text) : null,
      h("ol", { class: "steps" }, t.steps.map((s) => h("li", { data: { mark: s.mark, test: "trip-step" } },
        h("div", null, h("b", null, s.title), " ", h("span", null, s.detail ?? "")), h("span", { class: "ms" }, `+${s.ms} ms`)))));
  });
  rove($("trips"));
  tripsShown = true;
}

function takeTrip(t) {
  const i = state.trips.findIndex((o) => o.id === t.id);
  if (i >= 0) { if (state.trips[i].seq < t.seq) state.trips[i] = t; } else state.trips.unshift(t);
  state.trips.sort((a, b) => b.id - a.id).splice(200);
  renderTrips();
}

/* ---- scenes ---- */

// scene moves all panes to a desk and those who write to it, or to the mirrored channel.
function scene(kind) {
  for (const p of state.panes) {
    const v = panes.get(p.id);
    const tabs = tabsOf(p);
    const to = (kind === CHANNEL ? tabs.find((t) => t.kind === CHANNEL) : tabs.find((t) => t.kind === DESK) ?? tabs.find((t) => t.kind === DIRECT)) ?? tabs[0];
    if (to) go(v, { tab: to.id, thread: "", chosen: false });
  }
  for (const b of document.querySelectorAll("[data-scene]")) b.setAttribute("aria-pressed", String(b.dataset.scene === kind));
}
for (const b of document.querySelectorAll("[data-scene]")) b.addEventListener("click", () => scene(b.dataset.scene));

/* ---- Roost itself ---- */

// renderRoost shows the process, and what one can do about it. Until when it starts by itself is not said aloud each second.
const ROOST = { running: ["Roost runs", "kill", "Kill Roost"], starting: ["Roost starts", "kill", "Kill Roost"], killed: ["Roost was killed", "start", "Start"] };
function renderRoost() {
  const r = state.roost;
  $("roost").hidden = !r;
  if (!r) return;
  const [words, order, label] = ROOST[r.state] ?? ROOST.starting;
  $("roost").dataset.state = r.state;
  if ($("roost-state").textContent !== words) $("roost-state").textContent = words;
  const seconds = Math.max(0, Math.ceil((new Date(r.again ?? 0) - Date.now()) / 1000));
  $("roost-more").textContent = r.state === "killed" ? `starts by itself in ${seconds} s` : r.pid ? `process ${r.pid}` : "";
  $("roost-do").dataset.do = order;
  $("roost-do").textContent = label;
}
$("roost-do").addEventListener("click", (e) => post("/roost", { do: e.currentTarget.dataset.do }));
setInterval(() => { if (state?.roost?.state === "killed") renderRoost(); }, 1000);

/* ---- faults ---- */

const FAULTS = [["down", "Down"], ["busy", "One 503", "The next post will be answered with 503."], ["slow", "Slow down 5 s", "The next post will be refused for five seconds."], ["cut", "Cut", "Its open connections were cut."]];
function renderFaults() {
  keyed($("faults"), state.panes, (p) => p.id, (p) => [p.id, p.down], (p) => h("div", { class: "fault-row" }, h("b", null, p.name), FAULTS.map(([fault, words, told]) => h("button", {
    type: "button", "aria-pressed": told ? null : String(p.down), "aria-label": `${p.name}: ${words}`, data: { spot: fault, test: "fault", pane: p.id, fault },
    onclick: async () => { if (await post("/faults", { pane: p.id, fault, on: !p.down }) && told) toast(`${p.name}: ${told}`); },
  }, words))));
}

/* ---- live ---- */

let ready = false;
function renderAll() {
  for (const p of state.panes) render(p);
  renderForm();
  renderTrips();
  renderFaults();
  renderRoost();
  ready = true;
}

let asking = null;
let again = false;
// refresh asks for the state; while one answer is awaited, any number of calls ask once more.
function refresh() {
  if (asking) { again = true; return asking; }
  asking = (async () => {
    do {
      again = false;
      const r = await fetch("/state");
      if (!r.ok) throw new Error(r.statusText);
      const next = await r.json();
      const same = state && state.seq.split("-")[0] === next.seq.split("-")[0];
      const newer = new Map(same ? state.trips.map((t) => [t.id, t]) : []);
      next.trips = next.trips.map((t) => (newer.get(t.id)?.seq > t.seq ? newer.get(t.id) : t));
      const top = next.trips[0]?.id ?? 0;
      next.trips.unshift(...[...newer.values()].filter((t) => t.id > top).sort((a, b) => b.id - a.id));
      state = next;
      renderAll();
    } while (again);
  })().finally(() => { asking = null; });
  return asking;
}

function live(on) {
  $("live").dataset.state = on ? "on" : "wait";
  $("live").textContent = on ? "Live" : "Reconnecting…";
}

function listen() {
  const events = new EventSource("/events?after=" + encodeURIComponent(state.seq));
  events.addEventListener("open", () => live(true));
  events.addEventListener("error", () => {
    live(false);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
  for (const name of ["state", "reset"]) events.addEventListener(name, () => refresh().catch(() => live(false)));
  events.addEventListener("trip", (e) => takeTrip(JSON.parse(e.data)));
}

async function begin() {
  try {
    await refresh();
    listen();
  } catch (e) {
    live(false);
    if (!(e instanceof TypeError) || e.message === "Failed to fetch") setTimeout(begin, 2000);
    else throw e;
  }
}
begin();
