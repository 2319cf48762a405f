export interface Product {
  name: string;
  price: number;
  note: string;
  picture: string; // the id of a drawing in index.html
}

export const products: Product[] = [
  { name: "Tablet", price: 500, note: "Ten inches of glass", picture: "pic-tablet" },
  { name: "Laptop", price: 1200, note: "Light, and quiet", picture: "pic-laptop" },
  { name: "Headphones", price: 180, note: "Hear less, hear more", picture: "pic-headphones" },
  { name: "Camera", price: 740, note: "One lens, no menus", picture: "pic-camera" },
];
