// What a person sees on the page, and what they can do there. A spot names an element:
//
//	{test: "message", attrs: {"data-mark": "done"}, words: ["all", "of", "these"], within: spot}
//
// or, where no name is, {css: "strong"}.
globalThis.hands = (() => {
  const text = (el) => `${el.value ?? ""} ${el.textContent}`.replace(/\s+/g, " ");

  const all = (spot) => {
    const root = spot.within ? find(spot.within) : document;
    return [...(root?.querySelectorAll(spot.css ?? `[data-test="${spot.test}"]`) ?? [])].filter((el) => el.checkVisibility({ visibilityProperty: true })
      && Object.entries(spot.attrs ?? {}).every(([name, value]) => el.getAttribute(name) === value)
      && (spot.words ?? []).every((w) => text(el).includes(w)));
  };

  const find = (spot) => all(spot)[0];

  // touch gives the element of a spot when a finger reaches it: it is there, enabled, and nothing lies over it.
  const touch = (spot) => {
    const el = find(spot);
    const surface = el?.labels?.[0] && el.type === "radio" ? el.labels[0] : el;
    if (!el || el.disabled) return null;
    surface.scrollIntoView({ block: "center", behavior: "instant" });
    const box = surface.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return surface.contains(top) ? el : null;
  };

  const press = (spot) => {
    const el = touch(spot);
    el?.click();
    return Boolean(el);
  };

  // point moves the pointer over a message, as far as what is shown then can tell: its first control gets the focus.
  const point = (spot) => {
    const el = find(spot);
    el?.focus({ preventScroll: true });
    return Boolean(el);
  };

  // begin puts the cursor behind what is written in an input, or over all of it when fresh.
  const begin = (spot, fresh) => {
    const el = touch(spot);
    el?.focus();
    if (fresh) el?.select();
    return Boolean(el) && document.activeElement === el;
  };

  const choose = (spot, label) => {
    const el = touch(spot);
    const option = [...(el?.options ?? [])].find((o) => o.textContent === label);
    if (!option) return false;
    el.value = option.value;
    el.dispatchEvent(new Event("input", { bubbles: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };

  const picture = (spot) => {
    const img = find(spot)?.querySelector("img");
    return img?.complete && img.naturalWidth ? img : null;
  };

  // bytes are a picture's, in hex.
  const bytes = async (spot) => {
    const r = await fetch(picture(spot).src);
    return [...new Uint8Array(await r.arrayBuffer())].map((b) => b.toString(16).padStart(2, "0")).join("");
  };

  // until ends when test gives something; it is asked at every change of the page.
  const until = (test) => new Promise((done) => {
    const check = () => {
      if (!test()) return;
      changes.disconnect();
      document.removeEventListener("load", check, true);
      done("yes");
    };
    const changes = new MutationObserver(check);
    changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    document.addEventListener("load", check, true); // of pictures
    check();
  });

  // wide names what sticks out of the page to the right, where no list of its own scrolls it.
  const wide = () => {
    const width = document.documentElement.clientWidth;
    const scrolls = (el) => el && (/(auto|scroll|hidden|clip)/.test(getComputedStyle(el).overflowX) || scrolls(el.parentElement));
    const out = [...document.body.querySelectorAll("*")].filter((el) => el.checkVisibility() && el.getBoundingClientRect().right > width + 1 && !scrolls(el.parentElement));
    if (document.scrollingElement.scrollWidth > width) out.push(document.scrollingElement);
    return out.map((el) => `${el.tagName.toLowerCase()}#${el.id}.${el.className}`).join(" ");
  };

  // focused names what has the focus, with its pane.
  const focused = () => {
    const el = document.activeElement;
    return [el.closest("[data-pane]")?.dataset.pane, el.dataset.test || el.id || el.tagName.toLowerCase()].filter(Boolean).join(" ");
  };

  // outlined says whether what has the focus, or what stands for it, has an outline.
  const outlined = () => {
    const el = document.activeElement;
    const shows = [el, el.closest(".composer"), el.nextElementSibling].filter(Boolean);
    return el === document.body || shows.some((one) => getComputedStyle(one).outlineStyle !== "none" && parseFloat(getComputedStyle(one).outlineWidth) >= 2);
  };

  return { focused, outlined, all, find, press, point, begin, choose, picture, bytes, until, wide };
})();
"";
