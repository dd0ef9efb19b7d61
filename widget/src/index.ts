import { MerchantSupport } from "./element";

const NAME = "merchant-support";

function ownScript(): HTMLScriptElement | null {
  const running = document.currentScript;
  if (running instanceof HTMLScriptElement) return running;
  return document.querySelector<HTMLScriptElement>(`script[src*="${NAME}.js"]`);
}

function placeOnce(): void {
  if (!document.querySelector(NAME)) document.body.append(document.createElement(NAME));
}

const source = ownScript()?.src;
if (source) MerchantSupport.scriptOrigin = new URL(source, location.href).origin;
// A page may hold the script tag twice.
if (!customElements.get(NAME)) customElements.define(NAME, MerchantSupport);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", placeOnce);
else placeOnce();
