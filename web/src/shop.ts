import { byId, el } from "./dom";
import { newEventId, type Ledger } from "./ledger";
import { products, type Product } from "./products";
import type { Session } from "./session";

const SHOWN = 5; // receipts

/** The shop: each action of a visitor is one event, as in a real page. */
export class Shop {
  readonly #cart: Product[] = [];

  constructor(
    private readonly session: Session,
    private readonly ledger: Ledger,
  ) {
    byId("products").replaceChildren(...products.map((product) => this.#card(product)));
    byId("checkout").addEventListener("click", () => this.#checkout());
    this.#showCart();
  }

  #card(product: Product): HTMLElement {
    const view = el("button", { type: "button" }, "View");
    const add = el("button", { type: "button", className: "main" }, "Add to cart");
    view.setAttribute("aria-label", `View ${product.name}`);
    add.setAttribute("aria-label", `Add ${product.name} to cart`);
    view.addEventListener("click", () => this.#view(product));
    add.addEventListener("click", () => this.#add(product));
    return el(
      "li",
      { className: "product" },
      picture(product.picture),
      el("h3", {}, product.name),
      el("p", { className: "quiet" }, product.note),
      el("p", { className: "price" }, money(product.price)),
      el("div", { className: "actions" }, view, add),
    );
  }

  #view({ name, price }: Product): void {
    this.#report("send", { eventType: "view_product", productName: name, price });
    byId("said").textContent = `You looked at: ${name}.`;
  }

  #add(product: Product): void {
    this.#cart.push(product);
    this.#report("send", { eventType: "add_to_cart", productName: product.name, price: product.price });
    this.#showCart();
    byId("said").textContent = `${product.name} is in the cart.`;
  }

  #checkout(): void {
    const products = this.#cart.map((product) => product.name);
    this.#report("sendImmediate", { eventType: "checkout", products, total: this.#total() });
    this.#cart.length = 0;
    this.#showCart();
    byId("said").textContent = "Thank you. Nothing was paid, and nothing will arrive.";
  }

  #report(call: "send" | "sendImmediate", event: Record<string, unknown>): void {
    const log = { ...event, eventId: newEventId() };
    const receipt = this.ledger.open(call, log.eventId, log);
    const title = el("h3", {}, el("code", {}, `tracker.${call}`), ` ${String(event["eventType"])}`);
    const list = byId("activity");
    list.prepend(el("li", {}, title, receipt.root));
    while (list.children.length > SHOWN) list.lastElementChild?.remove();
    byId("activity-empty").hidden = true;
    void this.session.ready.then((tracker) => tracker[call](log));
  }

  #showCart(): void {
    const count = this.#cart.length;
    byId("cart").textContent =
      count === 0 ? "The cart is empty" : `${count} in the cart, ${money(this.#total())}`;
    byId<HTMLButtonElement>("checkout").disabled = count === 0;
  }

  #total(): number {
    return this.#cart.reduce((sum, product) => sum + product.price, 0);
  }
}

function money(amount: number): string {
  return `¥${amount.toLocaleString("en")}`;
}

function picture(id: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#${id}`);
  svg.setAttribute("viewBox", "0 0 120 90");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}
