// What the browser has and WebAssembly can't reach by itself.

export function theme() {
  return document.documentElement.dataset.theme;
}

export function setTheme(name) {
  set('theme', name);
  document.documentElement.dataset.theme = name;
}

// A browser that keeps nothing for pages throws; then nothing is remembered.
export function get(name) {
  try {
    return localStorage.getItem(`tollgate.${name}`);
  } catch {
    return null;
  }
}

export function set(name, value) {
  try {
    localStorage.setItem(`tollgate.${name}`, value);
  } catch {
    // See above.
  }
}

export function getByTab(name) {
  try {
    return sessionStorage.getItem(`tollgate.${name}`) ?? get(name);
  } catch {
    return null;
  }
}

export function setByTab(name, value) {
  set(name, value);
  try {
    sessionStorage.setItem(`tollgate.${name}`, value);
  } catch {
    // See above.
  }
}

// Pages that ask again by themselves keep the session alive. Without somebody who looks at them it has to end.
const attention = 5 * 60 * 1000;
let lastUsed = Date.now();
// Not scroll: the browser scrolls by itself as well, when what is above changes its height.
for (const sign of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'touchmove']) {
  addEventListener(sign, () => { lastUsed = Date.now(); }, { capture: true, passive: true });
}

export function inUse() {
  return document.visibilityState === 'visible' && Date.now() - lastUsed < attention;
}

// Clipboard access is refused outside of secure contexts; then the text is selected by hand.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// A file that the browser keeps like any other download. What breaks off on the way is no file.
export async function save(name, type, stream) {
  const address = URL.createObjectURL(new Blob([await stream.arrayBuffer()], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
