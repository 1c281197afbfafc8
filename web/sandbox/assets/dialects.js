// How each platform writes text, shown as the platform shows it. Everything that people wrote becomes text nodes; nothing
// here makes markup of a string.

// h makes an element. Properties that begin with "on" are listeners, "data" are data-attributes, the rest attributes.
export function h(tag, props, ...children) {
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

const mention = (text) => h("span", { class: "mention" }, text);

export function link(url, label) {
  if (!/^(https?|mailto|tel):/i.test(url)) return label || url;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", data: { spot: "link:" + url } }, label || url);
}

// spoiler shows what it holds when it is asked for.
const spoiler = (inside) => h("span", { class: "spoiler", tabindex: "0", role: "button", "aria-label": "Spoiler, press to show", onclick: (e) => e.currentTarget.classList.add("shown"), onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); e.currentTarget.classList.add("shown"); } } }, inside);

// linked makes links of the addresses in plain text.
function linked(s) {
  const out = [];
  let at = 0;
  for (const m of s.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}]/g)) {
    out.push(s.slice(at, m.index), link(m[0]));
    at = m.index + m[0].length;
  }
  return [...out, s.slice(at)];
}

/* ---- Slack: mrkdwn, rich_text, Block Kit ---- */

const EMOJI = Object.fromEntries(`+1 👍|thumbsup 👍|-1 👎|white_check_mark ✅|heavy_check_mark ✔️|x ❌|eyes 👀|tada 🎉|heart ❤️|joy 😂|pray 🙏|smile 😄
slightly_smiling_face 🙂|wave 👋|hourglass_flowing_sand ⏳|hourglass ⌛|warning ⚠️|memo 📝|lock 🔒|package 📦|rocket 🚀|fire 🔥|thinking_face 🤔|clap 👏|eye 👁️|pushpin 📌|thread 🧵|question ❓
arrows_counterclockwise 🔄|no_entry 🚫|no_entry_sign 🚫|zzz 💤|spiral_note_pad 🗒️|outbox_tray 📤|incoming_envelope 📨|double_vertical_bar ⏸️|pencil2 ✏️|speech_balloon 💬|ok_hand 👌`
  .split(/[|\n]/).map((pair) => pair.split(" ")));
const named = (name) => EMOJI[name] ?? `:${name}:`;
const unescape = (s) => s.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

function token(inside, who) {
  const [target, label = ""] = inside.split("|");
  if (target.startsWith("@")) return mention("@" + (unescape(label) || who(target.slice(1))));
  if (target.startsWith("#")) return mention("#" + (unescape(label) || target.slice(1)));
  if (target.startsWith("!")) return mention("@" + unescape(label || target.slice(1)));
  return link(unescape(target), unescape(label));
}

function inline(s, who) {
  const out = [];
  let at = 0;
  for (const m of s.matchAll(/<([^<>\n]+)>|:([a-z0-9_+-]+):|(?<!\w)([*_~`])(?=\S)([^\n]*?\S)\3(?!\w)/g)) {
    out.push(unescape(s.slice(at, m.index)));
    at = m.index + m[0].length;
    if (m[1]) out.push(token(m[1], who));
    else if (m[2]) out.push(EMOJI[m[2]] ?? m[0]);
    else if (m[3] === "`") out.push(h("code", null, unescape(m[4])));
    else out.push(h({ "*": "strong", _: "em", "~": "s" }[m[3]], null, inline(m[4], who)));
  }
  return [...out, unescape(s.slice(at))];
}

function mrkdwn(s, who) {
  return s.split("```").flatMap((part, i) => {
    if (i % 2) return [h("pre", null, unescape(part).replace(/^\n/, ""))];
    return part.split("\n").flatMap((line, n) => {
      if (line.startsWith("&gt;")) return [h("blockquote", null, inline(line.slice(4).trimStart(), who))];
      return [n ? "\n" : "", ...inline(line, who)];
    });
  });
}

export const textObject = (t, who = (id) => id) => (!t ? [] : t.type === "mrkdwn" ? mrkdwn(t.text ?? "", who) : [(t.text ?? "").replace(/:([a-z0-9_+-]+):/g, (all, n) => EMOJI[n] ?? all)]);

function richElement(e, who) {
  let out;
  switch (e.type) {
    case "text": out = e.text ?? ""; break;
    case "link": out = link(e.url ?? "", e.text); break;
    case "user": out = mention("@" + who(e.user_id)); break;
    case "channel": out = mention("#" + e.channel_id); break;
    case "usergroup": out = mention("@" + e.usergroup_id); break;
    case "broadcast": out = mention("@" + e.range); break;
    case "emoji": out = e.unicode ? String.fromCodePoint(...e.unicode.split("-").map((c) => Number.parseInt(c, 16))) : named(e.name ?? ""); break;
    case "date": out = e.fallback ?? ""; break;
    default: out = e.text ?? "";
  }
  for (const [style, tag] of [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["code", "code"], ["underline", "u"]]) {
    if (e.style?.[style]) out = h(tag, null, out);
  }
  return out;
}

function richSection(part, who) {
  const inner = (part.elements ?? []).map((e) => (e.type?.startsWith("rich_text_") ? h("li", null, richSection(e, who)) : richElement(e, who)));
  switch (part.type) {
    case "rich_text_quote": return h("blockquote", null, inner);
    case "rich_text_preformatted": return h("pre", null, inner);
    case "rich_text_list": return h(part.style === "ordered" ? "ol" : "ul", null, inner);
    default: return h("div", null, inner);
  }
}

function control(el, tools) {
  const label = textObject(el.text);
  if (el.type === "button") {
    if (el.url) return link(el.url, el.text?.text);
    const [, action = ""] = (el.action_id ?? "").split(":"); // MARK:ACTION or MARK:ACTION:ABOUT
    return tools.button({ id: el.action_id, label, style: el.style, action, ask: el.confirm });
  }
  if (el.options) {
    const first = el.placeholder?.text ?? "Choose";
    return h("select", { "aria-label": first, data: { spot: el.action_id }, onchange: (e) => tools.press(el.action_id, e.target.value) },
      h("option", { value: "" }, first), el.options.map((o) => h("option", { value: o.value }, textObject(o.text))));
  }
  if (el.type === "image") return tools.face(el.alt_text ?? "");
  return null;
}

export function block(b, tools) {
  const { who } = tools;
  switch (b.type) {
    case "header": return h("div", { class: "b-header", role: "heading", "aria-level": "3" }, textObject(b.text, who));
    case "section": return h("div", { class: "b-section" },
      h("div", { class: "words" }, textObject(b.text, who)), b.accessory ? control(b.accessory, tools) : null,
      b.fields ? h("div", { class: "b-fields" }, b.fields.map((f) => h("div", { class: "words" }, textObject(f, who)))) : null);
    case "context": return h("div", { class: "b-context words" }, (b.elements ?? []).map((e) => (e.type === "image" ? e.alt_text ?? "" : h("span", null, textObject(e, who), " "))));
    case "actions": return h("div", { class: "b-actions" }, (b.elements ?? []).map((e) => control(e, tools)));
    case "divider": return h("hr", { class: "divider" });
    case "image": return h("div", { class: "b-context" }, "Picture: " + (b.alt_text ?? ""));
    case "rich_text": return h("div", { class: "words" }, (b.elements ?? []).map((e) => richSection(e, who)));
    default: return null;
  }
}

/* ---- Discord: markdown ---- */

const MARKS = [["***", (x) => h("strong", null, h("em", null, x))], ["**", (x) => h("strong", null, x)], ["__", (x) => h("u", null, x)], ["~~", (x) => h("s", null, x)], ["||", spoiler], ["*", (x) => h("em", null, x)], ["_", (x) => h("em", null, x)]];

function markdownInline(s, who) {
  const out = [];
  let words = "";
  const flush = () => { out.push(...linked(words)); words = ""; };
  for (let i = 0; i < s.length;) {
    const rest = s.slice(i);
    let m;
    if ((m = /^\\([!-/:-@[-`{-~])/.exec(rest))) { words += m[1]; i += 2; continue; }
    if ((m = /^(`+)([^]*?[^`])\1(?!`)/.exec(rest))) { flush(); out.push(h("code", null, m[2])); i += m[0].length; continue; }
    if ((m = /^<(@[!&]?|#)(\d+)>/.exec(rest))) { flush(); out.push(mention((m[1][0]) + who(m[2]))); i += m[0].length; continue; }
    if ((m = /^<a?:(\w+):\d+>/.exec(rest))) { flush(); out.push(mention(`:${m[1]}:`)); i += m[0].length; continue; }
    if ((m = /^<(https?:\/\/[^\s>]+)>/.exec(rest))) { flush(); out.push(link(m[1])); i += m[0].length; continue; }
    if ((m = /^<t:(\d+)(?::\w)?>/.exec(rest))) { flush(); out.push(new Date(m[1] * 1000).toLocaleString()); i += m[0].length; continue; }
    if ((m = /^\[((?:\\.|[^\]\\\n])+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/.exec(rest))) { flush(); out.push(link(m[2], m[1].replace(/\\(.)/g, "$1"))); i += m[0].length; continue; }
    if ((m = /^https?:\/\/[^\s<>]+[^\s<>.,;:!?)\]}'"]/.exec(rest))) { flush(); out.push(link(m[0])); i += m[0].length; continue; }
    const mark = MARKS.find(([sign]) => rest.startsWith(sign) && closing(rest, sign) > 0 && !(sign === "_" && /\w$/.test(s.slice(0, i))));
    if (mark) {
      const end = closing(rest, mark[0]);
      flush();
      out.push(mark[1](markdownInline(rest.slice(mark[0].length, end), who)));
      i += end + mark[0].length;
      continue;
    }
    const c = String.fromCodePoint(rest.codePointAt(0));
    words += c;
    i += c.length;
  }
  flush();
  return out;
}

// closing is where the sign that opens s ends it; -1 when it does not.
function closing(s, sign) {
  for (let i = sign.length; i < s.length; i++) {
    if (s[i] === "\\") { i++; continue; }
    if (s.startsWith(sign, i) && i > sign.length && !(sign.length === 1 && /\s/.test(s[i - 1])) && !(sign === "*" && s[i + 1] === "*")) return i;
  }
  return -1;
}

export function markdown(s, who) {
  return s.split(/```(?:[\w+-]*\n)?([^]*?)```/).flatMap((part, i) => (i % 2 ? [h("pre", null, part.replace(/\n$/, ""))] : lines(part, who)));
}

function lines(s, who) {
  return s.split("\n").flatMap((line, n) => {
    const br = n ? "\n" : "";
    let m;
    if ((m = /^>(?:>>)? (.*)/.exec(line))) return [h("blockquote", null, markdownInline(m[1], who))];
    if ((m = /^(#{1,3}) (.+)/.exec(line))) return [h("div", { class: "b-header" }, markdownInline(m[2], who))];
    if ((m = /^-# (.+)/.exec(line))) return [h("div", { class: "b-context" }, markdownInline(m[1], who))];
    if ((m = /^(\s*)[-*] (.+)/.exec(line))) return [br, m[1], "• ", ...markdownInline(m[2], who)];
    return [br, ...markdownInline(line, who)];
  });
}

/* ---- Telegram: entities ---- */

const ENTITY = {
  bold: (x) => h("strong", null, x), italic: (x) => h("em", null, x), underline: (x) => h("u", null, x), strikethrough: (x) => h("s", null, x),
  spoiler, code: (x) => h("code", null, x), pre: (x) => h("pre", null, x), blockquote: (x) => h("blockquote", null, x), expandable_blockquote: (x) => h("blockquote", null, x),
  text_link: (x, e) => link(e.url, x.textContent), mention: (x) => h("span", { class: "mention" }, x), text_mention: (x) => h("span", { class: "mention" }, x), custom_emoji: (x) => x,
};

// entities shows a text whose parts are named by offset and length; they nest.
function entities(s, list, from = 0, to = s.length) {
  const out = [];
  let at = from;
  const sorted = list.filter((e) => e.offset >= from && e.offset + e.length <= to).sort((a, b) => a.offset - b.offset || b.length - a.length);
  while (sorted.length) {
    const e = sorted.shift();
    if (e.offset < at) continue;
    out.push(...linked(s.slice(at, e.offset)));
    const end = e.offset + e.length;
    const inside = h("span", null, entities(s, sorted.filter((o) => o.offset + o.length <= end), e.offset, end));
    out.push(ENTITY[e.kind] ? ENTITY[e.kind](inside, e) : inside);
    at = end;
  }
  return [...out, ...linked(s.slice(at, to))];
}

/* ---- all ---- */

const words = (inner) => h("div", { class: "words" }, inner);

// body is what a message says. tools: who names a person, button and press act, face draws somebody.
export function body(pane, m, tools) {
  switch (pane) {
    case "slack": return m.blocks?.length ? m.blocks.map((b) => block(b, tools)) : m.text ? words(mrkdwn(m.text, tools.who)) : null;
    case "discord": return [m.text ? words(markdown(m.text, tools.who)) : null, (m.cards ?? []).map((c) => h("div", { class: "embed" },
      c.title ? h("div", { class: "b-header", role: "heading", "aria-level": "3" }, markdownInline(c.title, tools.who)) : null, c.text ? words(markdown(c.text, tools.who)) : null,
      c.facts ? h("div", { class: "b-fields" }, c.facts.map((f) => h("div", { class: "words" }, h("strong", null, f.name), "\n", markdownInline(f.value, tools.who)))) : null,
      c.footer ? h("div", { class: "b-context" }, c.footer) : null))];
    case "telegram": return m.text ? words(entities(m.text, m.entities ?? [])) : null;
    default: return m.text ? words(linked(m.text)) : null;
  }
}

// plain is what a message says without formatting: as it was typed, where that is known.
export const plain = (pane, m, tools) => m.typed || h("div", null, body(pane, { ...m, blocks: null }, tools)).textContent || m.cards?.[0]?.title || "";

// emoji is how an emoji looks that a platform names.
export const emoji = (pane, name) => (pane === "slack" ? named(name) : /^\w+:\d+$/.test(name) ? `:${name.split(":")[0]}:` : name);
