// What a person sees on the page, and what they can do there. A spot names an element:
//
//	{test: "x-reply", attrs: {"data-mark": "done"}, words: ["all", "of", "these"], within: spot}
globalThis.hands = (() => {
  const text = (el) => `${el.value ?? ""} ${el.textContent}`.replace(/\s+/g, " ");

  const all = (spot) => {
    const root = spot.within ? find(spot.within) : document;
    return [...(root?.querySelectorAll(`[data-test="${spot.test}"]`) ?? [])].filter((el) => el.checkVisibility({ visibilityProperty: true })
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

  // begin puts the cursor behind what is written in an input, or over all of it when fresh.
  const begin = (spot, fresh) => {
    const el = touch(spot);
    el?.focus();
    if (fresh) el?.select();
    return Boolean(el) && document.activeElement === el;
  };

  const choose = (spot, value) => {
    const el = touch(spot);
    if (![...(el?.options ?? [])].some((o) => o.value === value)) return false;
    el.value = value;
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

  return { all, find, press, begin, choose, picture, bytes, until, wide };
})();
"";
