/** An element with its properties and children; a string child goes in as text, never as markup. */
export function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Has these elements be the children, in this order; what is in its place is not touched. */
export function arrange(parent, elements) {
  elements.forEach((element, at) => {
    if (parent.children[at] !== element) parent.insertBefore(element, parent.children[at] ?? null);
  });
}

export function byId(id) {
  return document.getElementById(id);
}

/** `text` with each occurrence of `wanted`, in any case, marked. Returns nodes. */
export function marked(text, wanted) {
  if (!wanted) return [text];
  const nodes = [];
  const lower = text.toLowerCase();
  const needle = wanted.toLowerCase();
  // In a few scripts lowering changes the length: then positions would not fit.
  if (lower.length !== text.length) return [text];
  let from = 0;
  for (let at = lower.indexOf(needle); at !== -1; at = lower.indexOf(needle, from)) {
    nodes.push(text.slice(from, at), el("mark", {}, text.slice(at, at + needle.length)));
    from = at + needle.length;
  }
  nodes.push(text.slice(from));
  return nodes;
}
