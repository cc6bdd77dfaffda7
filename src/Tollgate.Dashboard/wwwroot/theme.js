// Before the first paint, so that a dark page does not flash white.
let kept = null;
try {
  kept = localStorage.getItem('tollgate.theme');
} catch {
  // A browser that keeps nothing for pages.
}
const dark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.dataset.theme = dark ? 'dark' : 'light';
