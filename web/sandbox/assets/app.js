// The module of the sandbox: asks for the state, listens for what happens, and shows both. All that people wrote becomes
// text nodes; nothing here makes markup of a string.

const $ = (id) => document.getElementById(id);
const ui = { person: "", member: "", thread: "", picker: "", editing: "", drafts: new Map(), seen: new Map() };
let state = null;

// h makes an element. Properties that begin with "on" are listeners, "data" are data-attributes, the rest attributes.
function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [k, v] of Object.entries(props ?? {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
    else if (k === "data") Object.assign(el.dataset, v);
    else el.setAttribute(k, v === true ? "" : v);
  }
  el.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return el;
}

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
    for (const c of el.querySelectorAll("button, a[href], select")) c.tabIndex = el === now ? 0 : -1;
  });
}
for (const id of ["x-talk", "slack-cards", "slack-thread", "trips"]) {
  const list = $(id);
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
}

// sticking keeps a list at its end while it grows, unless one has scrolled away from there.
function sticking(scroller, change) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;
  change();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const when = (ms) => h("time", { datetime: new Date(ms).toISOString(), title: new Date(ms).toLocaleString() }, clock(ms));
const tsTime = (ts) => Number.parseFloat(ts) * 1000;
const short = (s, n = 60) => ([...s].length > n ? [...s].slice(0, n).join("") + "…" : s);

function face(name, size = "", app = false) {
  let sum = 0;
  for (const c of name) sum = Math.imul(sum ^ c.codePointAt(0), 16777619) >>> 3;
  const initials = name.split(/\s+/).filter(Boolean).slice(0, 2).map((w) => [...w][0].toUpperCase()).join("");
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

/* ---- text: mrkdwn and rich_text ---- */

const EMOJI = Object.fromEntries(`+1 👍|thumbsup 👍|-1 👎|white_check_mark ✅|heavy_check_mark ✔️|x ❌|eyes 👀|tada 🎉|heart ❤️|joy 😂|pray 🙏|smile 😄
slightly_smiling_face 🙂|wave 👋|hourglass_flowing_sand ⏳|hourglass ⌛|warning ⚠️|memo 📝|lock 🔒|package 📦|rocket 🚀|fire 🔥|thinking_face 🤔|clap 👏
arrows_counterclockwise 🔄|no_entry 🚫|no_entry_sign 🚫|zzz 💤|spiral_note_pad 🗒️|outbox_tray 📤|incoming_envelope 📨|double_vertical_bar ⏸️|pencil2 ✏️|speech_balloon 💬`
  .split(/[|\n]/).map((pair) => pair.split(" ")));
const PICK = ["+1", "white_check_mark", "eyes", "tada", "heart", "joy", "pray", "x"];
const emoji = (name) => EMOJI[name] ?? `:${name}:`;
const unescape = (s) => s.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
const mention = (text) => h("span", { class: "mention" }, text);
const memberName = (id) => state.members.find((m) => m.id === id)?.name ?? id;

function link(url, label) {
  if (!/^(https?|mailto|tel):/i.test(url)) return label || url;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", data: { spot: "link:" + url } }, label || url);
}

function token(inside) {
  const [target, label = ""] = inside.split("|");
  if (target.startsWith("@")) return mention("@" + (unescape(label) || memberName(target.slice(1))));
  if (target.startsWith("#")) return mention("#" + (unescape(label) || (target.slice(1) === state.channel_id ? state.channel : target.slice(1))));
  if (target.startsWith("!")) return mention("@" + unescape(label || target.slice(1)));
  return link(unescape(target), unescape(label));
}

function inline(s) {
  const out = [];
  let at = 0;
  for (const m of s.matchAll(/<([^<>\n]+)>|:([a-z0-9_+-]+):|(?<!\w)([*_~`])(?=\S)([^\n]*?\S)\3(?!\w)/g)) {
    out.push(unescape(s.slice(at, m.index)));
    at = m.index + m[0].length;
    if (m[1]) out.push(token(m[1]));
    else if (m[2]) out.push(EMOJI[m[2]] ?? m[0]);
    else if (m[3] === "`") out.push(h("code", null, unescape(m[4])));
    else out.push(h({ "*": "strong", _: "em", "~": "s" }[m[3]], null, inline(m[4])));
  }
  return [...out, unescape(s.slice(at))];
}

function mrkdwn(s) {
  return s.split("```").flatMap((part, i) => {
    if (i % 2) return [h("pre", null, unescape(part).replace(/^\n/, ""))];
    return part.split("\n").flatMap((line, n) => {
      if (line.startsWith("&gt;")) return [h("blockquote", null, inline(line.slice(4).trimStart()))];
      return [n ? "\n" : "", ...inline(line)];
    });
  });
}

const textObject = (t) => (!t ? [] : t.type === "mrkdwn" ? mrkdwn(t.text ?? "") : [(t.text ?? "").replace(/:([a-z0-9_+-]+):/g, (all, n) => EMOJI[n] ?? all)]);

function richElement(e) {
  let out;
  switch (e.type) {
    case "text": out = e.text ?? ""; break;
    case "link": out = link(e.url ?? "", e.text); break;
    case "user": out = mention("@" + memberName(e.user_id)); break;
    case "channel": out = mention("#" + e.channel_id); break;
    case "usergroup": out = mention("@" + e.usergroup_id); break;
    case "broadcast": out = mention("@" + e.range); break;
    case "emoji": out = e.unicode ? String.fromCodePoint(...e.unicode.split("-").map((c) => Number.parseInt(c, 16))) : emoji(e.name ?? ""); break;
    case "date": out = e.fallback ?? ""; break;
    default: out = e.text ?? "";
  }
  for (const [style, tag] of [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["code", "code"], ["underline", "u"]]) {
    if (e.style?.[style]) out = h(tag, null, out);
  }
  return out;
}

function richSection(part) {
  const inner = (part.elements ?? []).map((e) => (e.type?.startsWith("rich_text_") ? h("li", null, richSection(e)) : richElement(e)));
  switch (part.type) {
    case "rich_text_quote": return h("blockquote", null, inner);
    case "rich_text_preformatted": return h("pre", null, inner);
    case "rich_text_list": return h(part.style === "ordered" ? "ol" : "ul", null, inner);
    default: return h("div", null, inner);
  }
}

/* ---- Block Kit ---- */

async function sure(ask, label) {
  if (!ask) return true;
  $("confirm-title").replaceChildren(...textObject(ask.title));
  $("confirm-text").replaceChildren(...textObject(ask.text));
  $("confirm-yes").replaceChildren(...(ask.confirm ? textObject(ask.confirm) : [label]));
  $("confirm-no").replaceChildren(...(ask.deny ? textObject(ask.deny) : ["Cancel"]));
  const dialog = $("confirm");
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return dialog.returnValue === "yes";
}

function control(el, ts) {
  const press = async (value) => {
    if (await sure(el.confirm, el.text?.text ?? "Yes")) await post("/slack/press", { person: ui.member, ts, action: el.action_id, value });
  };
  const spot = el.action_id;
  if (el.type === "button") {
    if (el.url) return link(el.url, el.text?.text);
    const name = (el.action_id ?? "").split(":")[1] ?? ""; // MARK:ACTION or MARK:ACTION:ABOUT
    return h("button", { type: "button", class: el.style ?? "", data: { spot, test: "slack-button", action: name }, onclick: () => press("") }, textObject(el.text));
  }
  if (el.options) {
    const label = el.placeholder?.text ?? "Choose";
    return h("select", { "aria-label": label, data: { spot }, onchange: (e) => press(e.target.value) },
      h("option", { value: "" }, label), el.options.map((o) => h("option", { value: o.value }, textObject(o.text))));
  }
  if (el.type === "image") return face(el.alt_text ?? "", "big");
  return null;
}

function block(b, ts) {
  switch (b.type) {
    case "header": return h("div", { class: "b-header", role: "heading", "aria-level": "4" }, textObject(b.text));
    case "section": return h("div", { class: "b-section" },
      h("div", { class: "words" }, textObject(b.text)), b.accessory ? control(b.accessory, ts) : null,
      b.fields ? h("div", { class: "b-fields" }, b.fields.map((f) => h("div", { class: "words" }, textObject(f)))) : null);
    case "context": return h("div", { class: "b-context words" }, (b.elements ?? []).map((e) => (e.type === "image" ? e.alt_text ?? "" : h("span", null, textObject(e), " "))));
    case "actions": return h("div", { class: "b-actions" }, (b.elements ?? []).map((e) => control(e, ts)));
    case "divider": return h("hr", { class: "divider" });
    case "image": return h("div", { class: "b-context" }, "Picture: " + (b.alt_text ?? ""));
    case "rich_text": return h("div", { class: "words" }, (b.elements ?? []).map(richSection));
    default: return null;
  }
}

const body = (m) => (m.blocks?.length ? m.blocks.map((b) => block(b, m.ts)) : m.text ? h("div", { class: "words" }, mrkdwn(m.text)) : null);
const cardTitle = (m) => m.blocks?.find((b) => b.type === "header")?.text?.text ?? short(plain(m), 40);
const plain = (m) => m.typed || h("div", null, mrkdwn(m.text ?? "")).textContent;

const shownFiles = (list) => (!list?.length ? null : h("div", { class: "files" }, list.map((f) => (f.image
  ? h("a", { href: f.url, target: "_blank", rel: "noopener", data: { spot: f.url } }, h("img", { src: f.url, alt: "Picture: " + f.name, loading: "lazy" }))
  : h("a", { class: "doc", href: f.url, data: { spot: f.url } }, `${f.name} (${Math.max(1, Math.round(f.size / 1024))} kB)`)))));

/* ---- X ---- */

function chips(parent, people, group, chosen, news, test, choose) {
  keyed(parent, people, (p) => p.id, (p) => [p, p.id === chosen, news(p)], (p) => h("label", { class: "chip" },
    h("input", { type: "radio", name: group, value: p.id, checked: p.id === chosen, data: { test, name: p.name, spot: "radio" }, onchange: () => choose(p.id) }),
    h("span", { class: "chip-face" }, face(p.name, "small"), p.name.split(" ")[0], news(p) ? [h("span", { class: "dot" }), h("span", { class: "sr" }, " (new)")] : null)));
}

function renderX() {
  if (!state.people.some((p) => p.id === ui.person)) ui.person = state.people[0]?.id ?? "";
  const talk = state.dms[ui.person] ?? [];
  const replies = (id) => (state.dms[id] ?? []).filter((d) => d.brand).length;
  ui.seen.set("x:" + ui.person, replies(ui.person));
  chips($("x-person"), state.people, "x-person", ui.person, (p) => replies(p.id) > (ui.seen.get("x:" + p.id) ?? 0), "x-person", (id) => {
    swap("x-input", "x:" + ui.person, "x:" + id);
    ui.person = id;
    renderX();
    $("x-scroll").scrollTop = $("x-scroll").scrollHeight;
  });
  const name = state.people.find((p) => p.id === ui.person)?.name.split(" ")[0] ?? "somebody";
  $("x-label").textContent = `Message to ${state.brand.name} as ${name}`;
  $("x-input").placeholder = `Write as ${name}…`;
  $("x-empty").hidden = talk.length > 0;
  if (!talk.length && $("x-empty").dataset.name !== name) {
    $("x-empty").dataset.name = name;
    const hello = "Hi! My order 1042 has not arrived yet. Can you help?";
    $("x-empty").replaceChildren(h("strong", null, `Say something as ${name} to begin`), "It opens a case in Slack, where the team can answer.",
      h("div", null, h("button", { type: "button", data: { test: "x-hello" }, onclick: () => { $("x-input").value = hello; $("x-form").requestSubmit(); } }, `“${short(hello, 34)}”`)));
  }
  let fresh;
  sticking($("x-scroll"), () => {
    fresh = keyed($("x-talk"), talk, (d) => d.id, (d) => [d, ui.person], (d) => {
      const who = d.brand ? state.brand.name : name;
      return h("article", { class: `bubble ${d.brand ? "theirs" : ""}`, "aria-label": `${who}, ${clock(d.at)}`, data: { test: d.brand ? "x-reply" : "x-said" } },
        d.text ? h("div", { class: "body" }, d.text) : null, shownFiles(d.files), h("div", { class: "meta" }, d.brand ? who + " · " : "", when(d.at)));
    });
  });
  rove($("x-talk"), true);
  const reply = talk.findLast((d) => d.brand && fresh.includes(d.id));
  if (reply && ready) announce(`On X, ${state.brand.name} wrote to ${name}: ${short(reply.text || "a file", 120)}`);
}

/* ---- Slack ---- */

const isCard = (m) => !m.thread || m.thread === m.ts;
const threadOf = (ts) => [
  ...state.messages.filter((m) => m.thread === ts && m.ts !== ts && !m.gone),
  ...(state.private[ui.member] ?? []).filter((m) => m.thread === ts).map((m) => ({ ...m, only: true })),
].sort((a, b) => tsTime(a.ts) - tsTime(b.ts));

function pick(ts) {
  swap("slack-input", "s:" + ui.thread, "s:" + ts);
  stopEditing();
  ui.thread = ts;
  ui.picker = "";
  renderSlack();
  $("thread-scroll").scrollTop = $("thread-scroll").scrollHeight;
}

function renderSlack() {
  if (!state.members.some((m) => m.id === ui.member)) ui.member = state.members[0]?.id ?? "";
  const me = memberName(ui.member);
  chips($("slack-member"), state.members, "slack-member", ui.member, () => false, "slack-member", (id) => { stopEditing(); ui.member = id; ui.picker = ""; render(); });
  const cards = state.messages.filter((m) => isCard(m)).concat((state.private[ui.member] ?? []).filter((m) => !m.thread).map((m) => ({ ...m, only: true })))
    .sort((a, b) => tsTime(b.ts) - tsTime(a.ts));
  const open = cards.find((c) => c.ts === ui.thread && !c.only) ?? null;
  if (!open && ui.thread) ui.thread = "";
  if (!open && cards.some((c) => !c.only && !c.gone)) { ui.thread = cards.find((c) => !c.only && !c.gone).ts; return renderSlack(); }
  const thread = ui.thread ? threadOf(ui.thread) : [];
  if (ui.thread) ui.seen.set("s:" + ui.thread, thread.length);
  $("cards-empty").hidden = cards.length > 0;
  $("cards-title").textContent = cards.length ? `Cases (${cards.filter((c) => !c.only).length})` : "Cases";
  keyed($("slack-cards"), cards, (c) => c.ts, (c) => [c, c.ts === ui.thread, threadOf(c.ts).length, ui.seen.get("s:" + c.ts), ui.member, ui.picker === c.ts], card);
  rove($("slack-cards"));

  const title = open ? cardTitle(open) : "";
  $("thread-title").textContent = open ? `Thread: ${title}` : "Thread";
  $("thread-empty").hidden = thread.length > 0;
  $("thread-empty").replaceChildren(...(open ? [h("strong", null, "Nothing here yet"), "What the customer writes appears here."]
    : [h("strong", null, "No thread yet"), "A case brings one. What you answer in it goes to the customer on X."]));
  $("slack-label").textContent = `Reply in the thread as ${me}`;
  $("slack-input").placeholder = open ? `Answer as ${me.split(" ")[0]}…` : "There is no case to answer yet";
  for (const id of ["slack-input", "slack-send", "slack-file"]) $(id).disabled = !open;
  let fresh;
  sticking($("thread-scroll"), () => {
    fresh = keyed($("slack-thread"), thread, (m) => m.ts, (m) => [m, ui.member, ui.picker === m.ts, ui.editing === m.ts, ui.thread], (m) => said(m));
  });
  rove($("slack-thread"), true);
  const news = thread.findLast((m) => fresh.includes(m.ts) && m.user !== ui.member);
  if (news && ready) announce(`In Slack, ${news.name}: ${short(plain(news), 120)}`);
  renderModal();
}

function card(m) {
  const replies = threadOf(m.ts).length;
  const news = Math.max(0, replies - (ui.seen.get("s:" + m.ts) ?? 0));
  const title = cardTitle(m);
  return h("article", { class: `card ${m.only ? "private" : ""}`, "aria-label": `${m.only ? "Only visible to you: " : "Case: "}${title}`, "aria-current": m.ts === ui.thread ? "true" : "false", data: { test: m.only ? "slack-ephemeral" : "slack-card", ts: m.ts } },
    m.only ? h("p", { class: "only" }, "Only visible to you") : null,
    m.gone ? h("p", { class: "b-context" }, "This message was deleted.") : body(m),
    shownFiles(m.files), m.reactions?.length ? under(m) : null,
    m.only ? null : h("button", { type: "button", class: "open", "aria-pressed": m.ts === ui.thread ? "true" : "false", data: { spot: "open", test: "slack-open" }, onclick: () => { pick(m.ts); $("slack-input").focus(); } },
      m.ts === ui.thread ? "Thread is open" : `Open thread (${replies})`, news && m.ts !== ui.thread ? h("span", { class: "new" }, `${news} new`) : null));
}

function said(m) {
  const mine = m.user && m.user === ui.member && !m.only;
  const tools = h("span", { class: "tools" });
  if (mine) {
    tools.append(
      h("button", { type: "button", class: "quiet", data: { spot: "edit", test: "slack-edit" }, "aria-label": "Edit your message", onclick: () => startEditing(m) }, "Edit"),
      h("button", { type: "button", class: "quiet", data: { spot: "delete", test: "slack-delete" }, "aria-label": "Delete your message", onclick: async () => {
        if (await sure({ title: { text: "Delete this message?" }, text: { text: short(plain(m), 120) || "The file" }, confirm: { text: "Delete" } })) await post("/slack/delete", { person: ui.member, ts: m.ts });
      } }, "Delete"));
  }
  return h("article", { class: `said ${m.only ? "private" : ""}`, "aria-label": `${m.name}, ${clock(tsTime(m.ts))}${m.only ? ", only visible to you" : ""}`, data: { test: m.only ? "slack-ephemeral" : "slack-message", ts: m.ts } },
    face(m.name, "", m.app && m.name === "Roost"),
    h("div", { class: "said-main" },
      m.only ? h("p", { class: "only" }, `Only visible to ${memberName(ui.member).split(" ")[0]}`) : null,
      h("div", { class: "said-head" }, h("b", null, m.name), m.app ? h("span", { class: "badge" }, m.name === "Roost" ? "app" : "via Roost") : null, when(tsTime(m.ts)), m.edited ? h("i", null, "(edited)") : null),
      body(m), shownFiles(m.files), m.only ? null : under(m, tools)));
}

// under is the line below a message: its reactions, a way to add one, and what else its author can do.
function under(m, tools) {
  const react = (name, remove) => post("/slack/react", { person: ui.member, ts: m.ts, name, remove });
  const chosen = (name) => m.reactions?.some((r) => r.name === name && r.users.includes(ui.member)) ?? false;
  const picking = ui.picker === m.ts;
  return [h("div", { class: "under" },
    (m.reactions ?? []).map((r) => h("button", {
      type: "button", class: chosen(r.name) ? "mine" : "", "aria-pressed": String(chosen(r.name)), data: { spot: "r:" + r.name, test: "slack-reaction", name: r.name },
      "aria-label": `${emoji(r.name)} ${r.users.length}, ${chosen(r.name) ? "take yours back" : "add yours"}`, onclick: () => react(r.name, chosen(r.name)),
    }, `${emoji(r.name)} ${r.users.length}`)),
    h("button", { type: "button", class: "quiet", "aria-expanded": String(picking), data: { spot: "pick", test: "slack-pick" }, onclick: () => { ui.picker = picking ? "" : m.ts; renderSlack(); } }, "React"),
    tools),
  picking ? h("div", { class: "under", role: "group", "aria-label": "Choose a reaction" }, PICK.map((name) => h("button", {
    type: "button", "aria-label": name.replace(/_/g, " "), data: { spot: "p:" + name, test: "slack-emoji", name }, onclick: async () => { ui.picker = ""; await react(name, chosen(name)); renderSlack(); },
  }, emoji(name)))) : null];
}

function startEditing(m) {
  swap("slack-input", "s:" + ui.thread, "");
  ui.editing = m.ts;
  $("slack-input").value = plain(m);
  $("slack-editing").hidden = false;
  $("slack-send").textContent = "Save";
  $("slack-input").focus();
}

function stopEditing() {
  if (!ui.editing) return;
  ui.editing = "";
  $("slack-editing").hidden = true;
  $("slack-send").textContent = "Send";
  $("slack-input").value = ui.drafts.get("s:" + ui.thread) ?? "";
}

/* ---- modals ---- */

let shownView = "";
function renderModal() {
  const dialog = $("modal");
  const v = state.views.findLast((one) => one.user === ui.member);
  const sig = v ? JSON.stringify(v) : "";
  if (sig === shownView) return;
  shownView = sig;
  if (!v) return dialog.close();
  dialog.dataset.view = v.id;
  $("modal-title").textContent = v.title;
  const held = dialog.dataset.shows === v.id ? Object.fromEntries(values()) : {};
  dialog.dataset.shows = v.id;
  $("modal-body").replaceChildren(...(v.blocks ?? []).map((b) => (b.type === "input" ? field(b, v.errors?.[b.block_id], held) : block(b, ""))).filter(Boolean));
  $("modal-submit").disabled = false;
  if (!dialog.open) dialog.showModal();
  $("modal-body").querySelector("input, textarea, select")?.focus();
}

function field(b, wrong, held) {
  const el = b.element ?? {};
  const key = `${b.block_id}/${el.action_id}`;
  const id = "f-" + key.replace(/[^\w-]/g, "_");
  const first = held[key] ?? el.initial_value ?? el.initial_option?.value ?? el.initial_date ?? el.initial_user ?? "";
  const props = { id, data: { field: key, test: "modal-field", block: b.block_id }, required: !b.optional, "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong || b.hint ? id + "-note" : null };
  const options = el.type === "users_select" ? state.members.map((m) => ({ value: m.id, text: { text: m.name } })) : el.options;
  let input;
  if (el.type === "radio_buttons" || el.type === "checkboxes") {
    const kind = el.type === "checkboxes" ? "checkbox" : "radio";
    input = (options ?? []).map((o) => h("label", { class: "choice" }, h("input", { type: kind, name: id, value: o.value, checked: o.value === first, data: { field: key } }), textObject(o.text)));
  } else if (options) {
    input = h("select", props, b.optional ? h("option", { value: "" }, "–") : null, options.map((o) => h("option", { value: o.value, selected: o.value === first }, textObject(o.text))));
  } else if (el.multiline) {
    input = h("textarea", { ...props, rows: "4" }, first);
  } else {
    input = h("input", { ...props, type: { datepicker: "date", timepicker: "time" }[el.type] ?? "text", value: first });
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
  const done = await post("/slack/submit", { person: ui.member, view: $("modal").dataset.view, values: Object.fromEntries(values()) });
  if (!done) $("modal-submit").disabled = false;
  setTimeout(() => { $("modal-submit").disabled = false; }, 3000);
});
const dismiss = (e) => { e.preventDefault(); post("/slack/dismiss", { person: ui.member, view: $("modal").dataset.view }); };
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
function renderTrips() {
  $("trip-empty").hidden = state.trips.length > 0;
  keyed($("trips"), state.trips, (t) => t.id, (t) => [t.seq, t.who], (t, fresh) => {
    const words = t.outcome === "done" ? took(t) : { going: "moving", safe: "stored", waiting: "waiting", failed: "failed" }[t.outcome];
    return h("article", { class: `trip ${fresh && tripsShown ? "fresh" : ""}`, "aria-label": `${t.who} ${t.what} ${t.text}`, data: { test: "trip", outcome: t.outcome } },
      h("div", { class: "trip-head" }, h("span", { class: "tag", data: { platform: t.platform } }, { x: "X", slack: "Slack" }[t.platform] ?? t.platform),
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

function renderFaults() {
  for (const b of document.querySelectorAll("[data-fault][aria-pressed]")) b.setAttribute("aria-pressed", String(state.faults[b.dataset.fault] ?? false));
}

/* ---- composers ---- */

// swap keeps what is half written for one conversation and brings back what was for another.
function swap(input, from, to) {
  if (!(input === "slack-input" && ui.editing)) ui.drafts.set(from, $(input).value);
  $(input).value = ui.drafts.get(to) ?? "";
}

function composer(name, send) {
  const input = $(name + "-input");
  const picker = $(name + "-file");
  const named = () => { $(name + "-file-name").textContent = picker.files[0]?.name ?? ""; };
  picker.addEventListener("change", named);
  input.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); $(name + "-form").requestSubmit(); }
    if (e.key === "Escape" && name === "slack") stopEditing();
  });
  $(name + "-form").addEventListener("submit", async (e) => {
    e.preventDefault();
    const text = input.value;
    const file = picker.files[0];
    if (!text.trim() && !file) return input.focus();
    input.value = "";
    if (!(await send(text, file))) { input.value = input.value || text; return; }
    if (!ui.editing) { picker.value = ""; named(); }
    input.focus();
  });
}

function draft(fields, file) {
  if (!file) return fields;
  const form = new FormData();
  for (const [k, v] of Object.entries(fields)) form.append(k, v);
  form.append("file", file, file.name);
  return form;
}

composer("x", (text, file) => post("/x/say", draft({ person: ui.person, text }, file)));
composer("slack", async (text, file) => {
  if (!ui.editing) return post("/slack/say", draft({ person: ui.member, thread: ui.thread, text }, file));
  const done = await post("/slack/edit", { person: ui.member, ts: ui.editing, text });
  if (done) stopEditing();
  return done;
});
$("slack-edit-cancel").addEventListener("click", () => { stopEditing(); $("slack-input").focus(); });

$("x-add").addEventListener("click", () => {
  const form = $("x-add-form");
  form.hidden = !form.hidden;
  $("x-add").setAttribute("aria-expanded", String(!form.hidden));
  if (!form.hidden) $("x-name").focus();
});
$("x-add-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  const who = await post("/x/person", { name: $("x-name").value });
  if (!who) return;
  $("x-name").value = "";
  $("x-add").click();
  swap("x-input", "x:" + ui.person, "x:" + who.id);
  ui.person = who.id;
  await refresh();
  $("x-input").focus();
});

for (const b of document.querySelectorAll("[data-fault]")) {
  b.addEventListener("click", async () => {
    const on = b.getAttribute("aria-pressed") !== "true";
    if (await post("/faults", { fault: b.dataset.fault, on }) && b.dataset.said) toast(b.dataset.said);
  });
}

/* ---- live ---- */

let ready = false;
function render() {
  renderX();
  renderSlack();
  renderTrips();
  renderFaults();
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
      render();
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
  } catch {
    live(false);
    setTimeout(begin, 2000);
  }
}
begin();
